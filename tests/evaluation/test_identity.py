"""Names of results, runs that are not there, and stores that are called alike."""

import json

import pytest

from skelact.data.splits import RULES
from skelact.evaluation import run as module
from skelact.evaluation.everything import evaluate_all
from skelact.evaluation.fuse import fuse
from skelact.evaluation.protocols import all_options
from skelact.evaluation.reading import read_result
from skelact.evaluation.results.identity import content_hash, expect_run
from skelact.evaluation.results.outcome import MOST_LETTERS, Fused, Result, short
from skelact.evaluation.run import evaluate_run
from skelact.system.world import SkelactError, write_json

SPLIT = "subject=0,1,2"


def evaluate(run, store, split=SPLIT, protocol="knn"):
    return evaluate_run(protocol, run, store.path, split, 1, progress=False)


@pytest.fixture
def alike(tmp_path, recordings, made_store):
    """Two stores of other recordings whose folders have one name."""
    return [made_store(tmp_path / place / "people", recordings(seed=seed)) for seed, place in enumerate("ab")]


def test_stores_of_one_name_keep_a_result_each(run, alike):
    one, other = (evaluate(run, store) for store in alike)
    assert one.file_name == f"knn-people-{SPLIT}"
    assert other.file_name == f"knn-people-{SPLIT}-{content_hash(alike[1])[:8]}"
    for result, store in zip((one, other), alike, strict=True):
        kept = read_result(run / "evaluate" / f"{result.file_name}.json")
        assert (kept.content, kept.store_hash) == (content_hash(store), store.prepared("released", 8).hash)
    before = sorted(path.name for path in (run / "evaluate").iterdir())
    assert [evaluate(run, store).file_name for store in alike] == [one.file_name, other.file_name]
    assert sorted(path.name for path in (run / "evaluate").iterdir()) == before


def test_results_of_earlier_versions_are_told_apart_by_the_hash_of_their_clips(run, alike):
    first = run / "evaluate" / f"knn-people-{SPLIT}.json"
    evaluate(run, alike[0])
    values = {key: value for key, value in json.loads(first.read_text()).items() if key not in ("content", "seal")}
    write_json(first, values)
    assert evaluate(run, alike[1]).file_name != first.stem
    assert evaluate(run, alike[0]).file_name == first.stem


def test_the_rule_in_results_of_earlier_versions_is_read_in_todays_words(run, store):
    file = run / "evaluate" / f"{evaluate(run, store).file_name}.json"
    write_json(file, json.loads(file.read_text()) | {"rule": "views 1, 2 train; view 3 tests"})
    assert read_result(file).rule == RULES["ucla"]["xview"].words


def test_a_store_that_moved_or_is_called_otherwise_has_the_same_content_and_other_labels_another(
    tmp_path, recordings, made_store
):
    clips = recordings()
    one, same = (made_store(tmp_path / name, clips) for name in ("one", "same"))
    relabelled = [clip.__class__(**{**vars(clip), "action": (clip.action + 1) % 3}) for clip in clips]
    other = made_store(tmp_path / "other", relabelled)
    assert content_hash(one) == content_hash(same) != content_hash(other)
    assert one.prepared("released", 8).hash == other.prepared("released", 8).hash


def test_results_of_stores_of_one_name_are_not_fused(run, alike):
    files = [run / "evaluate" / f"{evaluate(run, store).file_name}.json" for store in alike]
    with pytest.raises(SkelactError, match=r"differ in store: people \(\w{8}\) and people"):
        fuse(files)


def test_a_long_split_is_shortened_in_the_file_name_and_whole_in_the_file(run, store):
    long = "subject=" + ",".join(["0", "1", "2"] + [str(number) for number in range(100, 220)])
    assert len(long) > 255
    result = evaluate(run, store, long)
    (file,) = (run / "evaluate").glob("*.json")
    assert file.stem == result.file_name
    assert read_result(file).split == long
    again = evaluate(run, store, f"{long},220")
    assert again.file_name != result.file_name


@pytest.mark.parametrize("name", ["a" * 300, "é" * 100, "people", "x" * MOST_LETTERS])
def test_names_in_file_names_are_short_and_differ_where_the_names_differ(name):
    assert len(short(name).encode()) <= MOST_LETTERS
    assert (short(name) == name) == (len(name.encode()) <= MOST_LETTERS)
    assert short(name) != short(name + "b")
    names = [kind.name_of("supervised", name, name, "10pct-motion-12345678") for kind in (Result, Fused)]
    assert max(len(one.encode()) for one in names) + len("-seed100.safetensors") + len("..12345678") <= 255


def test_a_folder_name_that_is_no_utf8_is_evaluated_and_written_out(tmp_path, run, recordings, made_store):
    store = made_store(tmp_path / "caf\udce9", recordings())
    result = evaluate(run, store)
    assert result.store == "caf\\udce9"
    assert read_result(run / "evaluate" / f"{result.file_name}.json") == result


@pytest.mark.parametrize("damage", ["file", "folder"])
def test_a_result_that_cannot_be_written_is_said_before_anything_is_computed(run, store, damage, monkeypatch):
    if damage == "file":
        (run / "evaluate").write_text("in the way")
    else:
        (run / "evaluate" / f"knn-store-{SPLIT}.safetensors").mkdir(parents=True)
    monkeypatch.setattr(module, "measure", lambda *_: pytest.fail("it was computed"))
    with pytest.raises(SkelactError, match=r"knn-store-.*: cannot be written .*; nothing was computed"):
        evaluate(run, store)


def test_a_share_that_is_none_is_said_before_the_first_protocol_runs(run, store, monkeypatch):
    monkeypatch.setattr("skelact.evaluation.everything.evaluate_run", lambda *_: pytest.fail("it ran"))
    with pytest.raises(ValueError, match="share"):
        evaluate_all(run, store.path, SPLIT, 1, all_options()(shares=(0.5, 2.0)), progress=False)


def test_a_run_that_is_not_there_is_said_with_those_beside_it(tmp_path, store):
    for name in ("first", "second"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "config.json").write_text("{}")
    (tmp_path / "runs" / "no run").mkdir()
    with pytest.raises(SkelactError, match=r"nosuch: no such run; in .*runs there are first, second$"):
        evaluate_run("knn", tmp_path / "runs" / "nosuch", store.path, SPLIT)
    with pytest.raises(SkelactError, match=r"no such run, and no folder .*nowhere$"):
        expect_run(tmp_path / "nowhere" / "run")
    with pytest.raises(SkelactError, match="no such encoder file; skelact import-weights"):
        expect_run(tmp_path / "runs" / "lost.safetensors")


def test_recordings_in_another_view_have_the_content_of_their_store(store):
    before = content_hash(store)
    store.prepared("robust", 16, progress=False)
    assert content_hash(store) == before
