from chaos.backends import backends_of


def test_both_are_tried_one_after_the_other() -> None:
    assert backends_of("both") == ("torchserve", "local")


def test_one_may_be_chosen() -> None:
    assert backends_of("local") == ("local",)
