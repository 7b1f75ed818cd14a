import pytest

from skelact import recipes
from skelact.layouts import KINECT_V2
from skelact.maths import augment
from skelact.methods import METHODS, AimCLR, SkeAttnCLR, build
from skelact.recipes import RECIPES
from skelact.train import TrainConfig

NTU_CLIPS = 37646  # training clips of NTU-60 cross-view
PUBLISHED = [name for name in RECIPES if not name.endswith("-small")]
MOCO = [name for name in PUBLISHED if not name.startswith("skeattnclr")]
SMALL = [name for name in RECIPES if name.endswith("-small")]
WITH_BANK = [name for name in SMALL if hasattr(RECIPES[name]().method, "bank")]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_valid_says_its_name_and_survives_json(name):
    recipe = RECIPES[name]()
    assert recipe.recipe == name
    assert recipe == RECIPES[name]()
    assert TrainConfig.model_validate_json(recipe.model_dump_json()) == recipe
    assert TrainConfig.model_validate(recipe.model_dump()) == recipe


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_explained_where_it_is_listed(name):
    first = (RECIPES[name].__doc__ or "").strip().splitlines()[0]
    assert len(first) > 20
    assert first.endswith(".")


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_builds_its_method(name):
    recipe = RECIPES[name]()
    method = build(recipe.method.fitted(recipe.epochs, 100, 8), recipe.encoder, KINECT_V2, recipe.frames, 2)
    assert type(method) in METHODS
    assert len(method.views()) in (2, 3)


def test_every_recipe_is_another_run():
    made = [RECIPES[name]() for name in RECIPES]
    for place, one in enumerate(made):
        for other in made[place + 1 :]:
            assert one.model_copy(update={"recipe": ""}) != other.model_copy(update={"recipe": ""})


@pytest.mark.parametrize("name", MOCO)
def test_published_recipes_share_the_published_numbers(name):
    recipe = RECIPES[name]()
    method, optimiser = recipe.method, recipe.optimiser
    assert (method.temperature, method.momentum, method.bank, method.projection) == (0.07, 0.999, 32768, 128)
    assert (method.shear, method.gamma, method.bank_within_clips) == (0.5, 6, False)
    assert (optimiser.lr, optimiser.momentum, optimiser.weight_decay) == (0.1, 0.9, 1e-4)
    assert (optimiser.schedule, optimiser.milestones, optimiser.warmup) == ("step", (250,), 0)
    assert (recipe.epochs, recipe.batch, recipe.frames, recipe.preparation) == (300, 128, 50, "released")
    encoder = recipe.encoder
    assert (encoder.width, encoder.features, encoder.dropout, encoder.channels) == (16, 256, 0.5, 3)
    assert (recipe.stream, recipe.precision) == ("joint", "float32")


def test_aimclr_is_the_papers():
    method = recipes.aimclr().method
    assert isinstance(method, AimCLR.Config)
    assert (method.views, method.drop, method.keep_margin) == ("both", True, 0.7)
    assert (method.neighbours, method.neighbours_from, method.neighbours_form) == (1, 150, "paper")
    assert (method.alpha, method.beta) == (1, 1)
    assert (method.noise_p, method.temporal_flip) == (1, True)


def test_skeattnclr_is_the_papers():
    recipe = recipes.skeattnclr()
    method, encoder, optimiser = recipe.method, recipe.encoder, recipe.optimiser
    assert isinstance(method, SkeAttnCLR.Config)
    assert (method.temperature, method.momentum, method.bank, method.projection) == (0.2, 0.996, 32768, 128)
    assert (method.mu, method.heads, method.steepness, method.layout) == (0.5, 8, 2, "persons")
    assert (method.parts, method.window) == ((3, 4), (0.25, 0.4375))
    assert (encoder.width, encoder.features, encoder.dropout, encoder.graph) == (64, 256, 0.5, "directed")
    assert (optimiser.lr, optimiser.momentum, optimiser.weight_decay) == (0.1, 0.9, 1e-4)
    assert (optimiser.schedule, optimiser.milestones) == ("step", (250,))
    assert (recipe.epochs, recipe.batch, recipe.frames, recipe.preparation) == (300, 128, 64, "released")


def kinds(chain: augment.Augmentation) -> list[str]:
    assert isinstance(chain, augment.Chain)
    return [type(link).__name__ for link in chain.links]


EIGHT = ["Crop", "Shear", "SpatialFlip", "Rotate", "GaussianNoise", "GaussianBlur", "AxisMask", "TemporalFlip"]


def views_of(name: str) -> dict[str, list[str]]:
    recipe = RECIPES[name]()
    return {
        view: kinds(chain)
        for view, chain in build(recipe.method, recipe.encoder, KINECT_V2, recipe.frames, 2).views().items()
    }


def test_skeletonclr_and_aimclr_augment_as_the_appendix_says():
    normal = ["Crop", "Shear"]
    assert views_of("skeletonclr") == {"query": normal, "key": normal}
    assert views_of("aimclr") == {"query": normal, "key": normal, "extreme": EIGHT}
    extreme = build(recipes.aimclr().method, recipes.aimclr().encoder, KINECT_V2, 50, 2).views()["extreme"]
    assert isinstance(extreme, augment.Chain)
    assert extreme.links == (
        augment.Crop(6.0),
        augment.Shear(0.5),
        augment.SpatialFlip(KINECT_V2.mirror, 0.5),
        augment.Rotate(30.0, 1.0),
        augment.GaussianNoise(0.01, 1.0),
        augment.GaussianBlur(15, 0.1, 2.0, 0.5),
        augment.AxisMask(0.5),
        augment.TemporalFlip(0.5),
    )


def test_aimclr_released_departs_from_the_paper_where_the_program_did():
    released, paper = RECIPES["aimclr-released"]().method.model_dump(), RECIPES["aimclr"]().method.model_dump()
    changed = {key: value for key, value in released.items() if paper[key] != value}
    assert changed == {"neighbours_form": "released", "noise_p": 0.5, "temporal_flip": False}
    assert views_of("aimclr-released")["extreme"] == EIGHT[:-1]


def test_skeattnclr_released_departs_from_the_paper_where_the_program_did():
    released, paper = RECIPES["skeattnclr-released"](), RECIPES["skeattnclr"]()
    assert released.model_copy(update={"recipe": paper.recipe, "method": paper.method}) == paper
    numbers, papers = released.method.model_dump(), paper.method.model_dump()
    changed = {key: value for key, value in numbers.items() if papers[key] != value}
    assert changed == {"mu": 1, "layout": "released", "head_weights": "released", "momentum_ahead": None}
    fitted = released.method.fitted(released.epochs, NTU_CLIPS, released.batch)
    assert isinstance(fitted, SkeAttnCLR.Config)
    assert fitted.momentum_ahead == NTU_CLIPS // 128


def test_the_rows_of_table_1_add_one_part_each():
    rows = [
        RECIPES[name]().method for name in ("aimclr-na", "aimclr-ea", "aimclr-na-ea", "aimclr-na-ea-eadm", "aimclr")
    ]
    parts = [(row.views, row.drop, row.neighbours) for row in rows]
    assert parts == [
        ("normal", False, 0),
        ("extreme", False, 0),
        ("both", False, 0),
        ("both", True, 0),
        ("both", True, 1),
    ]
    assert views_of("aimclr-na") == {"query": EIGHT[:2], "key": EIGHT[:2]}
    assert views_of("aimclr-ea") == {"query": EIGHT, "key": EIGHT}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_recipes_are_not_doubted_on_the_data_that_they_were_made_for(name):
    recipe = RECIPES[name]()
    method = recipe.method.fitted(recipe.epochs, NTU_CLIPS, recipe.batch)
    assert method.doubts(recipe.epochs, recipe.epochs * (NTU_CLIPS // recipe.batch), NTU_CLIPS) == []


@pytest.mark.parametrize("clips", [431, 1000])
@pytest.mark.parametrize("name", ["skeletonclr", "aimclr"])
def test_published_recipes_are_doubted_on_small_data(name, clips):
    recipe = RECIPES[name]()
    method = recipe.method.fitted(recipe.epochs, clips, 8)
    doubts = method.doubts(recipe.epochs, recipe.epochs * (clips // recipe.batch), clips)
    assert any(f"the bank holds 32768 keys but there are only {clips} training clips" in doubt for doubt in doubts)


@pytest.mark.parametrize("clips", [1000, 5000])
@pytest.mark.parametrize("name", WITH_BANK)
def test_small_recipes_keep_the_bank_within_the_clips_and_are_not_doubted(name, clips):
    recipe = RECIPES[name]()
    method = recipe.method.fitted(recipe.epochs, clips, 8)
    assert method.bank == min(recipe.method.bank, clips)
    assert method.doubts(recipe.epochs, recipe.epochs * (clips // recipe.batch), clips) == []


@pytest.mark.parametrize("name", WITH_BANK)
def test_small_recipes_have_what_kept_a_small_run_from_collapsing(name):
    recipe = RECIPES[name]()
    assert recipe.optimiser.schedule == "cosine"
    assert 0 < recipe.optimiser.warmup < 0.5
    assert recipe.optimiser.lr < 0.1
    assert recipe.method.momentum <= 0.99
    assert recipe.method.bank <= 1024
    assert recipe.encoder.dropout == 0
    assert recipe.preparation == "robust"  # one heading a clip, not one a frame


def test_there_is_a_small_recipe_for_every_method():
    methods = {type(RECIPES[name]().method) for name in SMALL}
    assert methods == {method.Config for method in METHODS}
