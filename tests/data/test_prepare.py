import io
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from made_clips import MadeReader, write_source
from rich.console import Console

from skelact.data.describe import describe
from skelact.data.parallel import parse
from skelact.data.prepare import names_on_list, prepare
from skelact.data.readers import reader
from skelact.data.recording import Item, ReadError
from skelact.data.store import Store, StoreWriter
from skelact.data.store import prepared as making
from skelact.system.world import SkelactError


@pytest.fixture
def source(tmp_path):
    return write_source(tmp_path / "source")


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def shown(thing: object) -> str:
    text = io.StringIO()
    Console(width=200, file=text).print(thing)
    return text.getvalue()


def test_a_store_has_every_clip_by_name_and_the_prepared_view(tmp_path, source):
    summary = prepare(MadeReader(), source, tmp_path / "store", frames=10, jobs=1, progress=False)
    store = Store.open(tmp_path / "store")
    assert store.table["name"].tolist() == [f"c{number:03}" for number in range(20)]
    assert os.listdir(store.path / "prepared") == ["robust-10"]
    assert store.prepared("robust", 10).clips.shape == (20, 3, 10, 25, 2)
    assert (summary.clips, summary.classes, summary.persons) == (20, 3, 2)
    assert summary.lengths == (20, 29, 39)
    assert store.verify() == []


def test_what_is_written_does_not_depend_on_the_number_of_jobs(tmp_path, source):
    (source / "bad.made").write_text("?")
    for jobs in (1, 3):
        prepare(MadeReader(), source, tmp_path / f"s{jobs}", frames=5, jobs=jobs, skip_bad=True, progress=False)
    assert content(tmp_path / "s1") == content(tmp_path / "s3")


def test_sources_are_listed_with_their_hashes_relative_to_the_source(tmp_path, source):
    prepare(MadeReader(), source, tmp_path / "store", frames=5, progress=False)
    lines = (tmp_path / "store/sources.csv").read_text().splitlines()
    sums = subprocess.run(["sha256sum", "c007.made"], cwd=source, capture_output=True, text=True, check=True)
    assert lines[0] == "path,sha256"
    assert lines[8] == "c007.made," + sums.stdout.split()[0]
    (entry,) = Store.open(tmp_path / "store").meta.sources
    assert (entry.path, entry.files) == (str(source), 20)


def test_a_bad_file_is_named_and_nothing_is_written(tmp_path, source):
    (source / "c005.made").write_text("garbled")
    with pytest.raises(SkelactError, match=r"c005\.made:1: expected three numbers, found 'garbled'"):
        prepare(MadeReader(), source, tmp_path / "store", progress=False)
    assert os.listdir(tmp_path) == ["source"]


def test_bad_files_can_be_left_out_and_are_listed_with_the_reason(tmp_path, source):
    (source / "c005.made").write_text("garbled")
    (source / "c006.made").write_text("6 12 0")
    summary = prepare(MadeReader(), source, tmp_path / "store", frames=5, skip_bad=True, progress=False)
    meta = json.loads((tmp_path / "store/meta.json").read_text())
    assert [clip["name"] for clip in meta["left_out"]] == ["c005", "c006"]
    assert meta["left_out"][0]["reason"].endswith("c005.made:1: expected three numbers, found 'garbled'")
    assert meta["left_out"][1]["reason"].endswith("c006.made: nobody in any of its 12 frames")
    assert summary.clips == 18
    assert "c005" in shown(summary)


def test_a_clip_that_the_store_refuses_is_a_bad_file_too(tmp_path, source):
    @dataclass(frozen=True)
    class TooFewClasses(MadeReader):
        classes: tuple[str, ...] = ("wave", "sit")

    with pytest.raises(SkelactError, match=r"c002\.made: c002: expected an action below 2, found 2"):
        prepare(TooFewClasses(), source, tmp_path / "store", frames=5, progress=False)
    summary = prepare(TooFewClasses(), source, tmp_path / "store", frames=5, skip_bad=True, progress=False)
    assert (summary.clips, len(summary.left_out)) == (14, 6)


def test_when_all_are_bad_there_is_nothing_to_write(tmp_path):
    folder = write_source(tmp_path / "source", 0)
    (folder / "a.made").write_text("?")
    (folder / "b.made").write_text("?")
    with pytest.raises(SkelactError, match=r"none of 2 clips can be used; the first: .*a\.made"):
        prepare(MadeReader(), folder, tmp_path / "store", skip_bad=True, progress=False)
    assert os.listdir(tmp_path) == ["source"]


def test_a_list_leaves_clips_out_before_they_are_read(tmp_path, source):
    (source / "c003.made").write_text("garbled")
    (tmp_path / "list.txt").write_text("Clips without a skeleton:\n\nc003.skeleton\r\n  c011  \nelsewhere\n")
    summary = prepare(MadeReader(), source, tmp_path / "s", frames=5, leave_out=tmp_path / "list.txt", progress=False)
    assert summary.clips == 18
    assert [clip.name for clip in summary.left_out] == ["c003", "c011"]
    assert "2 on the list" in shown(summary)


def test_a_list_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(SkelactError, match=r"none\.txt: cannot be read as a list"):
        names_on_list(tmp_path / "none.txt")


def test_two_files_with_one_clip_name_are_both_named_even_if_bad_ones_may_be_skipped(tmp_path, source):
    (source / "again").mkdir()
    (source / "again" / "c004.made").write_text("1 2 1")
    with pytest.raises(SkelactError, match=r"'c004' comes twice: in .*/c004\.made and in .*/c004\.made"):
        prepare(MadeReader(), source, tmp_path / "store", skip_bad=True, progress=False)
    assert os.listdir(tmp_path) == ["source"]


def test_a_store_that_exists_is_refused_before_the_source_is_looked_at(tmp_path):
    (tmp_path / "store").mkdir()
    with pytest.raises(SkelactError, match="exists"):
        prepare(MadeReader(), tmp_path / "no-such-source", tmp_path / "store", progress=False)


@pytest.mark.parametrize(("jobs", "view", "message"), [(0, "robust", "jobs must be"), (1, "fancy", "no preparation")])
def test_options_that_cannot_be_are_refused(tmp_path, source, jobs, view, message):
    with pytest.raises(SkelactError, match=message):
        prepare(MadeReader(), source, tmp_path / "store", preparation=view, jobs=jobs)


def test_an_empty_source_is_an_error(tmp_path):
    with pytest.raises(ReadError, match=r"no \.made files"):
        prepare(MadeReader(), write_source(tmp_path / "source", 0), tmp_path / "store")


def test_progress_and_summary_go_to_standard_error_only(tmp_path, source, capfd):
    prepare(MadeReader(), source, tmp_path / "store", frames=5, jobs=1)
    out, err = capfd.readouterr()
    assert out == ""
    assert "20/20" in err
    assert "20 to 39 frames, median 29" in err


@pytest.mark.parametrize("jobs", [1, 2])
def test_whatever_a_reader_raises_on_a_file_is_a_fault_of_that_file(tmp_path, source, jobs):
    (source / "c013.made").write_text("crash")
    with pytest.raises(
        ReadError, match=r"c013\.made: cannot be read: ZeroDivisionError in made_clips\.py:\d+: a fault"
    ):
        prepare(MadeReader(), source, tmp_path / "store", jobs=jobs, progress=False)
    assert os.listdir(tmp_path) == ["source"]
    summary = prepare(MadeReader(), source, tmp_path / "store", frames=5, jobs=jobs, skip_bad=True, progress=False)
    assert summary.clips == 19
    assert [clip.name for clip in summary.left_out] == ["c013"]


@pytest.mark.parametrize("fault", [MemoryError(), RecursionError(), StopIteration(), SystemError("?"), OSError(5, "x")])
def test_whatever_is_raised_while_clips_are_looked_for_names_the_source(tmp_path, source, fault):
    @dataclass(frozen=True)
    class Faulty(MadeReader):
        def find(self, source: Path):
            raise fault

    with pytest.raises(ReadError, match=re.escape(f"{source}: cannot be read: ")):
        prepare(Faulty(), source, tmp_path / "store", skip_bad=True, progress=False)
    assert os.listdir(tmp_path) == ["source"]


def test_memory_that_does_not_suffice_is_one_sentence_and_leaves_nothing(tmp_path, source, monkeypatch):
    def full(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(StoreWriter, "add", full)
        with pytest.raises(SkelactError, match=r"store: not written: there is not enough memory; nothing was kept"):
            prepare(MadeReader(), source, tmp_path / "store", progress=False)
    assert os.listdir(tmp_path) == ["source"]
    prepare(MadeReader(), source, tmp_path / "store", frames=4, progress=False)
    monkeypatch.setattr(making, "prepare_and_count", full)
    with pytest.raises((SkelactError, MemoryError)):
        Store.open(tmp_path / "store").prepared("robust", 6, progress=False)
    assert os.listdir(tmp_path / "store" / "prepared") == ["robust-4"]


def test_leaving_bad_files_out_is_advised_where_it_helps_and_only_there(tmp_path, source):
    advice = "--skip-bad"
    with pytest.raises(SkelactError) as error:
        prepare(MadeReader(), tmp_path / "nowhere", tmp_path / "store", progress=False)
    assert advice not in str(error.value)
    with pytest.raises(SkelactError) as error:
        prepare(reader("utkinect"), source, tmp_path / "store", progress=False)
    assert advice not in str(error.value)
    (source / "c005.made").write_text("garbled")
    with pytest.raises(SkelactError) as error:
        prepare(MadeReader(), source, tmp_path / "store", progress=False)
    assert str(error.value).endswith("; `skelact prepare --skip-bad` leaves it out and lists it in meta.json")
    for path in source.glob("c00[!5].made"):
        path.write_text("garbled")
    for path in source.glob("c01*.made"):
        path.unlink()
    with pytest.raises(SkelactError) as error:
        prepare(MadeReader(), source, tmp_path / "store", skip_bad=True, progress=False)
    assert advice not in str(error.value)
    for path in source.glob("c00[!5].made"):
        path.unlink()
    with pytest.raises(SkelactError, match="garbled") as error:
        prepare(MadeReader(), source, tmp_path / "store", progress=False)
    assert advice not in str(error.value)  # there is no other clip


def test_the_second_of_two_that_prepare_one_store_ends_with_a_sentence_and_leaves_the_first(tmp_path, source):
    @dataclass(frozen=True)
    class Overtaken(MadeReader):
        def read(self, item: Item):
            if not (tmp_path / "store").exists():
                prepare(MadeReader(), source, tmp_path / "store", frames=4, jobs=1, progress=False)
            return super().read(item)

    with pytest.raises(SkelactError, match=r"store: another command wrote it meanwhile; it is never overwritten"):
        prepare(Overtaken(), source, tmp_path / "store", frames=6, jobs=1, progress=False)
    store = Store.open(tmp_path / "store")
    assert store.verify() == []
    assert os.listdir(store.path / "prepared") == ["robust-4"]
    assert sorted(os.listdir(tmp_path)) == ["source", "store"]


def test_the_second_of_two_that_prepare_one_view_takes_that_of_the_first(tmp_path, source, monkeypatch):
    prepare(MadeReader(), source, tmp_path / "store", frames=4, jobs=1, progress=False)
    real, overtaken = making.prepare_and_count, []

    def overtake(*given):
        if not overtaken:
            overtaken.append(True)
            Store.open(tmp_path / "store").prepared("robust", 6, progress=False)
        return real(*given)

    monkeypatch.setattr(making, "prepare_and_count", overtake)
    made = Store.open(tmp_path / "store").prepared("robust", 6, progress=False)
    assert made.clips.shape == (20, 3, 6, 25, 2)
    assert sorted(os.listdir(tmp_path / "store" / "prepared")) == ["robust-4", "robust-6"]


@pytest.mark.parametrize("words", [{"classes": ("wave", "s\x1b[31mit", "jump")}, {"classes": ("a", "b\u2028", "c")}])
def test_classes_whose_names_a_terminal_would_obey_are_refused(tmp_path, source, words):
    with pytest.raises(SkelactError, match="expected a name without control characters") as error:
        prepare(replace(MadeReader(), **words), source, tmp_path / "store", progress=False)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("kind", ["a link to itself", "a link to nowhere"])
def test_a_store_that_is_a_broken_link_exists(tmp_path, source, kind):
    (tmp_path / "store").symlink_to("store" if kind == "a link to itself" else "nowhere")
    with pytest.raises(SkelactError, match="store exists already"):
        prepare(MadeReader(), source, tmp_path / "store", progress=False)


def test_a_killed_worker_is_told_and_leaves_nothing(tmp_path, source):
    (source / "c013.made").write_text("kill")
    with pytest.raises(SkelactError, match="was killed"):
        prepare(MadeReader(), source, tmp_path / "store", jobs=2, progress=False)
    assert os.listdir(tmp_path) == ["source"]


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_prepare_leaves_nothing(tmp_path, source, jobs, number):
    program = """
        import sys, time
        from dataclasses import dataclass, replace
        from pathlib import Path
        from made_clips import MadeReader
        from skelact.data.prepare import prepare

        @dataclass(frozen=True)
        class Slow(MadeReader):
            def read(self, item):
                Path(sys.argv[2]).touch()
                time.sleep(0.1)
                return super().read(item)

        if __name__ == "__main__":
            prepare(Slow(), Path(sys.argv[1]), Path(sys.argv[1]).parent / "store", jobs=int(sys.argv[3]))
    """
    script, begun = tmp_path / "slow.py", tmp_path / "begun"
    script.write_text(textwrap.dedent(program))
    running = subprocess.Popen(
        [sys.executable, str(script), str(source), str(begun), str(jobs)],
        env=os.environ | {"PYTHONPATH": os.path.dirname(__file__), "PYTHONDONTWRITEBYTECODE": "1"},
        stderr=subprocess.DEVNULL,
    )
    while not begun.exists():
        assert running.poll() is None
    running.send_signal(number)
    assert running.wait(timeout=60) != 0
    assert sorted(os.listdir(tmp_path)) == ["begun", "slow.py", "source"]


def test_parsing_keeps_the_order_and_does_not_run_ahead_of_its_taker(source):
    read = []

    @dataclass(frozen=True)
    class Noting(MadeReader):
        def read(self, item: Item):
            read.append(item)
            return super().read(item)

    results = parse(Noting(), MadeReader().find(source), jobs=1)
    assert next(results).item.path.name == "c000.made"
    assert len(read) == 1
    assert [parsed.item.path.stem for parsed in results] == [f"c{number:03}" for number in range(1, 20)]


def test_describing_a_store_tells_what_it_holds(tmp_path, source):
    (tmp_path / "list").write_text("c001")
    prepare(MadeReader(), source, tmp_path / "store", frames=5, leave_out=tmp_path / "list", progress=False)
    text = shown(describe(Store.open(tmp_path / "store")))
    for piece in (
        "made",
        "kinect_v2, 25 joints",
        "19, of which 0 copies",
        "wave",
        "20 to 39 frames",
        "robust",
        "1 on the list",
        "prepare(",
        "every clip trains, none tests",
    ):
        assert piece in text


def test_real_recordings_of_every_format_become_a_store(shared, tmp_path):
    for name, folder in {"ntu": "data/ntu_raw_real", "sbu": "data/sbu-kinect"}.items():
        summary = prepare(reader(name), shared / folder, tmp_path / name, jobs=1, progress=False)
        store = Store.open(tmp_path / name)
        assert summary.clips == len(store) == {"ntu": 5, "sbu": 282}[name]
        assert summary.persons == {"ntu": 1, "sbu": 2}[name]
        assert summary.repairs == {}
        assert np.isfinite(store.prepared("robust", 50).clips).all()
        assert store.verify() == []
