"""Whether the processor multiplies bfloat16, and what is said and chosen where it does not."""

import pytest
import torch
from torch.nn.functional import normalize

import tiny
from skelact.bench import QUICK, bench
from skelact.cli import main
from skelact.evaluation.run import evaluate_run
from skelact.maths import neighbours
from skelact.maths.neighbours import rough
from skelact.system import native, processor
from skelact.system.world import machine
from skelact.train import pretrain

CPU = torch.device("cpu")
SAID = "this processor has no bf16 instructions: bf16 is about twice as slow as float32 here; use --precision float32"


@pytest.mark.parametrize(
    ("pytorch", "system", "answer"),
    [
        ({"avx512_bf16": True, "avx2": True}, "flags\t\t: fpu avx2 avx512_bf16", True),
        ({"avx512_bf16": False, "amx_bf16": True}, "", True),
        ({"avx512_bf16": False, "amx_bf16": False, "avx2": True}, "flags\t\t: fpu avx2 avx512f", False),
        ({"bf16": True, "neon": True}, "", True),  # ARM
        ({"bf16": False, "neon": True, "cpu_name": "bf16"}, "Features\t: fp asimd", False),
        ({}, "processor\t: 0\nmodel name\t: x\nflags\t\t: fpu avx512_bf16\n", True),  # a PyTorch that cannot be asked
        ({}, "Features\t: fp asimd svebf16\n", True),
        ({}, "Features\t: fp asimd\n", False),
        ({}, "", None),
    ],
)
def test_the_answer_is_that_of_pytorch_or_the_system(pytorch, system, answer, monkeypatch, tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(system)
    monkeypatch.setattr(processor, "_CPUINFO", cpuinfo)
    monkeypatch.setattr(processor, "_capabilities", lambda: pytorch)
    assert processor.multiplies_bf16.__wrapped__() is answer


def test_a_system_without_such_a_list_is_not_asked(monkeypatch, tmp_path):
    monkeypatch.setattr(processor, "_CPUINFO", tmp_path / "none")
    monkeypatch.setattr(processor, "_capabilities", dict)
    assert processor.multiplies_bf16.__wrapped__() is None


@pytest.mark.parametrize(
    ("answer", "precision", "device", "doubted"),
    [
        (False, "bf16", "cpu", True),
        (False, "float32", "cpu", False),
        (False, "bf16", "meta", False),
        (True, "bf16", "cpu", False),
        (None, "bf16", "cpu", False),
    ],
)
def test_only_bf16_on_a_processor_that_lacks_it_is_doubted(answer, precision, device, doubted, monkeypatch):
    monkeypatch.setattr(processor, "multiplies_bf16", lambda: answer)
    assert processor.doubt(precision, torch.device(device)) == (SAID if doubted else None)


@pytest.mark.parametrize("has", [True, False])
def test_pretraining_says_so_and_the_run_keeps_what_the_processor_has(has, monkeypatch, tmp_path):
    monkeypatch.setattr(processor, "multiplies_bf16", lambda: has)
    store = tiny.store(tmp_path / "five")
    console, said = tiny.console()
    pretrain(tiny.config(epochs=1, precision="bf16"), [store.path], [tiny.SPLIT], tmp_path / "run", console)
    assert (SAID in said.getvalue()) == (not has)
    assert f'"bf16_instructions": {str(has).lower()}' in (tmp_path / "run" / "config.json").read_text()
    assert machine()["bf16_instructions"] is has


def test_evaluation_says_so_for_protocols_that_train_in_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(processor, "multiplies_bf16", lambda: False)
    store = tiny.store(tmp_path / "five")
    console, _ = tiny.console()
    pretrain(tiny.config(epochs=1), [store.path], [tiny.SPLIT], tmp_path / "run", console)
    words = ["--store", str(store.path), "--split", tiny.SPLIT, "--seeds", "1"]
    few = ["--epochs", "1", "--milestones", "1", "--batch", "4"]
    assert main(["evaluate", "finetune", str(tmp_path / "run"), *words, *few, "--precision", "bf16"]) == 0
    assert capsys.readouterr().err.count(f"warning: {SAID}\n") == 1
    evaluate_run("knn", tmp_path / "run", store.path, tiny.SPLIT, seeds=1, progress=False)
    assert SAID not in capsys.readouterr().err


def test_the_benchmark_says_so(monkeypatch):
    monkeypatch.setattr(processor, "multiplies_bf16", lambda: False)
    assert SAID in bench(["augment"], QUICK.model_copy(update={"device": "cpu"})).warnings


@pytest.mark.skipif(not native.available(), reason=f"no native code: {native.state()}")
@pytest.mark.parametrize("has", [True, False])
def test_the_search_looks_at_bf16_products_only_where_the_processor_has_them(has, monkeypatch):
    """Both ways find the same neighbours; the rough look is the one that multiplies bfloat16."""
    generator = torch.Generator().manual_seed(0)
    queries, train = (normalize(torch.randn(n, 32, generator=generator), dim=1) for n in (40, 3000))
    call, searched = native.call, []
    monkeypatch.setattr(native, "call", lambda name, *given: 1 if name == "bfloat16_products" else call(name, *given))
    monkeypatch.setattr(processor, "multiplies_bf16", lambda: has)
    look = rough.nearest
    monkeypatch.setattr(rough, "nearest", lambda *given: searched.append(1) or look(*given))
    values, rows = neighbours.nearest(queries, train, 10)
    assert bool(searched) == has
    exact = (queries.double() @ train.double().T).topk(10, dim=1)
    torch.testing.assert_close(values.double(), exact.values, atol=1e-6, rtol=0)
    assert (rows == exact.indices).double().mean() > 0.99  # but for ties within float32
