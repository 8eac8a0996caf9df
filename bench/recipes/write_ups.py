"""The recipes of five public write-ups on tagging fashion photos, by what they do.

Backbone, weights, photo size and normalisation are those of the run that they are compared with,
so that what differs is the recipe. What a write-up does not tell is marked and chosen to do no
harm: as the other write-ups have it, or mild.
"""

from bench.recipes.recipe import Augmentation, Head, Phase, Recipe

_ADAM_RATE = 1e-3
_TOP_RATE = 1e-2

# A fastai learner: the head first, then everything, slower towards the input. fastai's defaults
# (https://docs.fast.ai/vision.learner.html) but for its head's second, maximum pooling: bodies here
# pool by themselves. fastai has batch norm learn in a frozen body too. Unlike there, what moves
# into a photo is white and not its reflection, and weights of batch norms and biases decay too.
_ONE_CYCLE_UNFROZEN = Recipe(
    name="one-cycle-unfrozen",
    activation="sigmoid",
    head=Head(hidden_widths=(512,), dropouts=(0.25, 0.5), batch_norm=True),
    phases=(
        Phase(4, _TOP_RATE, (_TOP_RATE,), learning="batch-norm", warm_up=0.25),
        # slice(lr / 400, lr / 4) over three groups, evenly spaced on a logarithmic scale.
        Phase(4, _TOP_RATE / 4, (_TOP_RATE / 400, _TOP_RATE / 40), warm_up=0.8),
    ),
    augmentation=Augmentation(
        flips=True,
        rotation_degrees=10,
        zoom=(1.0, 1.1),
        warp=0.2,
        brightness=0.2,
        contrast=0.2,
        share=0.75,
    ),
    batch_size=16,
    betas=(0.95, 0.99),
    epsilon=1e-5,
    weight_decay=0.01,
)

# A linear layer on a pretrained network, trained by Adam as it comes. That the body learns too is
# not told, nor is how the rate changes, which was left to a library: here it stays.
_ADAM_BCE_JITTER = Recipe(
    name="adam-bce-jitter",
    activation="sigmoid",
    head=Head(),
    phases=(Phase(4, _ADAM_RATE, (_ADAM_RATE,)),),
    # How much jitter is not told: as in `bce-grey-jitter`.
    augmentation=Augmentation(flips=True, brightness=0.1, contrast=0.1, saturation=0.1, hue=0.1),
    # Told are 4 GPUs and a mini-batch of 12: read as 12 on each.
    batch_size=48,
)

# One class a photo, classes evened out, then a loss that knows the hierarchy. The write-up's model
# reads the text too, which no tagger here does. Rates, dropout, batch size, weight decay, how many
# layers are frozen and the amounts of augmentation were searched for there and are not told; nor is
# the optimiser. Here nothing decays or is frozen, and channels are not shifted.
_DENSE_CROSS_ENTROPY_BALANCED = Recipe(
    name="dense-cross-entropy-balanced",
    activation="softmax",
    head=Head(hidden_widths=(1024,), dropouts=(0.0, 0.2)),
    phases=(
        Phase(10, 3e-4, (3e-4,)),
        Phase(5, 1e-4, (1e-4,), hierarchical=True),
    ),
    augmentation=Augmentation(
        rotation_degrees=10, shear_degrees=5, zoom=(0.9, 1.1), brightness=0.1
    ),
    balanced=True,
)

# Everything is frozen but the pooling, which has no weights, and the classifier. Optimiser, rate,
# passes and batch size are not told. Nor is the classifier's loss, for which cross-entropy is our
# reading: the one loss named is a triplet margin loss, of which is shown how triplets are drawn. It
# serves the search for alike photos and is left out.
_LAST_TWO_LAYERS = Recipe(
    name="last-two-layers",
    activation="softmax",
    head=Head(),
    phases=(Phase(10, _ADAM_RATE, (), learning="nothing"),),
    # torchvision's RandomResizedCrop as it comes.
    augmentation=Augmentation(crop=0.08, flips=True),
)

# A linear layer after dropout, colours changed and at times taken away. Batch size not told.
_BCE_GREY_JITTER = Recipe(
    name="bce-grey-jitter",
    activation="sigmoid",
    head=Head(dropouts=(0.2,)),
    phases=(Phase(30, _ADAM_RATE, (_ADAM_RATE,)),),
    augmentation=Augmentation(
        flips=True, grey_share=0.1, brightness=0.1, contrast=0.1, saturation=0.1, hue=0.1
    ),
)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        _ONE_CYCLE_UNFROZEN,
        _ADAM_BCE_JITTER,
        _DENSE_CROSS_ENTROPY_BALANCED,
        _LAST_TWO_LAYERS,
        _BCE_GREY_JITTER,
    )
}
