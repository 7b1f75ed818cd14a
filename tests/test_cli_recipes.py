"""Every recipe reaches training from the command line, with the numbers that were given there."""

import pytest

from skelact import cli
from skelact.recipes import RECIPES


class _Stopped:
    finished = False


@pytest.fixture
def asked(monkeypatch):
    """What training was called with."""
    calls = []

    def train(*arguments):
        calls.append(arguments)
        return _Stopped()

    monkeypatch.setattr("skelact.train.run.pretrain", train)
    return calls


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_starts_from_its_own_numbers_and_takes_those_given(name, asked, tmp_path):
    words = f"pretrain {name} --store a --store b --split xsub --run {tmp_path} --epochs 7 --method.temperature 0.3"
    assert cli.main(words.split()) == 0
    config, stores, splits, run, *_ = asked[0]
    recipe = RECIPES[name]()
    method = recipe.method.model_copy(update={"temperature": 0.3})
    assert config.model_dump() == recipe.model_copy(update={"epochs": 7, "method": method}).model_dump()
    assert type(config.method) is type(recipe.method)
    assert ([str(store) for store in stores], splits, run) == (["a", "b"], ["xsub"], tmp_path)


def test_pretraining_without_a_store_is_told_what_is_missing(asked, tmp_path, capsys):
    assert cli.main(["pretrain", "aimclr-small", "--run", str(tmp_path), "--split", "xsub"]) == 1
    assert "at least one --store" in capsys.readouterr().err
    assert not asked
