"""What mining knows of English: words that end a noun phrase, and tags by kind."""

from training.labels.lexicon import Lexicon

ENGLISH = Lexicon(
    code="en",
    stemmer="english",
    nouns_are_capitalised=False,
    ends_phrase=(
        "a an the this that these those with without in on at by for from to is are was has have "
        "comes features which it its your our you we as made can will"
    ),
    joins="and or of",
    never_type=(
        "pack set piece pair combo size style wear collection fit look design colour color one two "
        "three four five six"
    ),
    adjective_endings="ed able ible al ful ic ish ive less ous",
    tags={
        "colour": """
            Black: jet black
            White: snow white
            Off White: ivory, ecru
            Grey: gray, light grey, dark grey, light gray, dark gray, slate
            Grey Melange: heather grey, grey marl, melange grey
            Charcoal: charcoal grey, anthracite
            Silver
            Steel: gunmetal
            Blue: light blue, dark blue, sky blue, royal blue, baby blue, cobalt, indigo, denim blue
            Navy Blue: navy
            Turquoise Blue: turquoise, aqua
            Teal: petrol
            Green: light green, dark green, mint, emerald, lime green
            Sea Green
            Fluorescent Green: neon green
            Olive: olive green, army green
            Khaki
            Yellow: lemon yellow
            Mustard: mustard yellow
            Gold: golden
            Orange
            Peach: apricot
            Coral
            Red: scarlet, crimson, cherry red
            Maroon: oxblood
            Burgundy: wine red, bordeaux
            Rust
            Pink: rose pink, hot pink, blush
            Magenta: fuchsia
            Purple: violet, plum, aubergine
            Lavender: lilac
            Mauve
            Brown: dark brown, light brown, chocolate, chestnut
            Coffee Brown
            Tan: cognac, camel
            Beige: sand
            Cream: off cream
            Nude
            Taupe
            Copper
            Bronze
            Multi: multicolour, multicolor, multicoloured, multicolored, multi coloured
        """,
        "pattern": """
            Striped: stripes, pinstripe, pinstriped
            Checked: checkered, chequered, gingham, plaid, tartan
            Printed: print
            Solid: plain
            Floral: flower, flowers
            Polka Dots: dotted, dots, polka dot
            Animal: leopard, zebra, snakeskin
            Camouflage: camo
            Paisley
            Geometric
            Embroidered: embroidery
            Graphic
            Melange: heathered
            Tie-Dye: tie dye
        """,
        "material": """
            Cotton
            Leather: suede
            Denim
            Wool: woollen, merino, cashmere
            Silk
            Linen
            Polyester
            Nylon: polyamide
            Viscose: rayon
            Velvet
            Satin
            Lace
            Mesh
            Chiffon
            Fleece
            Canvas
            Corduroy
            Rubber
            Metal: stainless steel
            Knit: knitted
            Jacquard
            Fur: faux fur
        """,
        "neckline": """
            V-Neck: v neck, v neckline
            Round Neck: crew neck, round neckline, crewneck
            Boat Neck: bateau
            Turtleneck: turtle neck, high neck, roll neck, mock neck
            Scoop Neck: scoop neckline
            Square Neck: square neckline
            Halter Neck: halterneck, halter
            Off Shoulder: off the shoulder, strapless
            Collar: collared, polo collar, button down collar
            Mandarin Collar: band collar
            Hooded: hood
        """,
        "sleeve": """
            Sleeveless: no sleeves
            Short Sleeves: half sleeves, short sleeved, half sleeved
            Long Sleeves: full sleeves, long sleeved, full sleeved
            Three-Quarter Sleeves: three quarter sleeves, three quarter sleeved
            Cap Sleeves: cap sleeved
        """,
        "closure": """
            Zip: zipper, zipped, zip up
            Buttons: buttoned, button
            Lace-Up: lace ups
            Buckle: buckled
            Hook and Loop: velcro
            Drawstring
            Slip-On: slip ons
            Press Studs: snap buttons, snaps
            Wrap
        """,
        "audience": """
            Men: man, mens, gents
            Women: woman, womens, ladies
            Girls: girl
            Boys: boy
            Kids: children, child
            Unisex
        """,
    },
)
