"""The registry, the cache, the bundled and imported sets, and real data where it is at hand."""

import json
import shutil

import numpy as np
import pytest
from conftest import drawn_ink, likeness

from hcr_core.alphabet import Alphabet
from hcr_core.datasets import ENTRIES, Dataset, DatasetError, available, import_dataset, load, preview, remove
from hcr_core.datasets.readers.idx import write_idx
from hcr_core.datasets.splits import balanced_splits, stratified_splits, writer_splits
from hcr_core.datasets.strokes import render
from hcr_core.evaluation import glyphs_of
from hcr_core.preprocessing import ink_to_glyph


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Data folder, cache and imported sets of this test alone."""
    for variable, name in (("HCR_DATA_DIR", "data"), ("HCR_CACHE_DIR", "cache"), ("HCR_IMPORTED_DIR", "imported")):
        monkeypatch.setenv(variable, str(tmp_path / name))
    (tmp_path / "data").mkdir()
    return tmp_path


def rows_of(labels, side: int = 6, seed: int = 0) -> str:
    """CSV lines of random images with an empty border."""
    rng = np.random.default_rng(seed)
    lines = []
    for label in labels:
        image = np.zeros((side, side), int)
        image[1:-1, 1:-1] = rng.integers(1, 256, (side - 2, side - 2))
        lines.append(f"{label}," + ",".join(map(str, image.ravel())))
    return "\n".join(lines) + "\n"


# Splits


def test_no_writer_is_in_two_splits_and_every_split_has_some():
    writers = np.array([f"writer {i % 200}" for i in range(1000)])
    splits = writer_splits(writers)
    for writer in set(writers):
        assert len(set(splits[writers == writer])) == 1
    assert set(splits) == {"train", "validation", "test"}
    assert 0.12 < (splits == "test").mean() < 0.3


def test_a_stratified_split_takes_a_fifth_of_every_class():
    labels = np.repeat([0, 1, 2, 3], [100, 10, 2, 1])
    split = stratified_splits(labels)
    assert np.bincount(labels[split == "test"], minlength=4).tolist() == [20, 2, 1, 0]
    assert np.array_equal(split, stratified_splits(labels))
    assert not np.array_equal(split, stratified_splits(labels, seed=1))


def test_a_balanced_split_tests_on_as_many_of_every_class():
    labels = np.repeat([0, 1, 2], [100, 10, 1])
    split = balanced_splits(labels)
    assert np.bincount(labels[split == "test"], minlength=3).tolist() == [2, 2, 0]


# The bundled sets


@pytest.mark.parametrize(("name", "images", "classes"), [("digits", 1797, 10), ("synthetic", 6200, 62)])
def test_bundled_sets_work_without_any_file(places, name, images, classes):
    assert available() == ["digits", "synthetic"]
    dataset = load(name)
    assert dataset.images.shape == (images, 28, 28)
    assert isinstance(dataset.images, np.memmap)
    assert len(dataset.alphabet) == classes
    assert dataset.splits == ENTRIES[name].splits
    assert dataset.images[:, 0].max() == 0  # black around
    again = load(name, "test")
    assert np.array_equal(again.images, dataset.part("test").images)


def test_uci_digits_are_upright_and_white_on_black(places, recognizer):
    dataset = load("digits")
    digits = recognizer.classify(np.asarray(dataset.images))[:, :10].argmax(axis=1)
    assert (digits == dataset.labels).mean() > 0.9


def test_synthetic_samples_come_with_their_strokes_and_say_what_they_are(places):
    dataset = load("synthetic", "test")
    assert len(dataset.strokes) == len(dataset)
    assert dataset.strokes.labels[5] == dataset.alphabet[dataset.labels[5]]
    assert "synthetic" in ENTRIES["synthetic"].title
    likenesses = [likeness(ink_to_glyph(render(dataset.strokes[i], 80)), dataset.images[i]) for i in range(50)]
    assert np.median(likenesses) > 0.7


# Loaded form and cache


def mnist_file(places, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    images = np.zeros((30, 28, 28), np.uint8)
    images[:, 4:24, 4:24] = rng.integers(0, 256, (30, 20, 20))
    labels = np.arange(30, dtype=np.uint8) % 10
    (places / "data" / "mnist").mkdir(exist_ok=True)
    arrays = {"x_train": images[:20], "y_train": labels[:20], "x_test": images[20:], "y_test": labels[20:]}
    np.savez(places / "data" / "mnist" / "mnist.npz", **arrays)


def test_the_loaded_form(places):
    mnist_file(places)
    dataset = load("mnist")
    assert dataset.images.dtype == np.uint8
    assert isinstance(dataset.images, np.memmap)
    assert dataset.labels.dtype == np.int64
    assert dataset.alphabet == Alphabet.from_text("0123456789")
    assert dataset.split.tolist() == ["train"] * 20 + ["test"] * 10
    assert dataset.source.endswith("mnist.npz")
    assert "LeCun" in dataset.licence
    assert len(dataset.part("test")) == len(load("mnist", "test")) == 10
    assert isinstance(load("mnist", "test").images, np.memmap)
    assert dataset.counts == dict.fromkeys("0123456789", 3)


def test_a_changed_source_is_read_again_and_the_old_cache_goes(places):
    mnist_file(places)
    before = np.array(load("mnist").images)
    mnist_file(places, seed=1)
    assert not np.array_equal(load("mnist").images, before)
    assert len(list((places / "cache" / "datasets").glob("mnist-*"))) == 1


@pytest.mark.parametrize("damage", ["images.npy", "meta.json"])
def test_a_damaged_cache_is_made_anew(places, damage):
    mnist_file(places)
    expected = np.array(load("mnist").images)
    (cache,) = (places / "cache" / "datasets").glob("mnist-*")
    (cache / damage).write_bytes((cache / damage).read_bytes()[:40])
    assert np.array_equal(load("mnist").images, expected)


def test_a_source_that_cannot_be_read_leaves_nothing(places):
    (places / "data" / "mnist.npz").write_bytes(b"PK not really")
    with pytest.raises(DatasetError, match=r"mnist\.npz"):
        load("mnist")
    assert not list((places / "cache" / "datasets").iterdir())


@pytest.mark.parametrize(
    ("name", "split", "reason"),
    [("nothing", "train", "unknown"), ("emnist62", "validation", "no split"), ("emnist62", "train", "HCR_DATA_DIR")],
)
def test_what_cannot_be_had_is_said(places, name, split, reason):
    with pytest.raises(DatasetError, match=reason):
        load(name, split)


def test_emnist_letters_start_at_one_and_are_put_upright(places):
    """The files have no mapping here: the entry knows that label 1 is A."""
    folder = places / "data" / "emnist-letters"
    folder.mkdir()
    glyph = ink_to_glyph(drawn_ink("F"))
    for split in ("train", "test"):
        write_idx(folder / f"emnist-letters-{split}-images-idx3-ubyte.gz", np.stack([glyph.T, glyph.T]))
        write_idx(folder / f"emnist-letters-{split}-labels-idx1-ubyte.gz", np.array([6, 26]))
    dataset = load("emnist-letters")
    assert [dataset.alphabet[i] for i in dataset.labels] == ["F", "Z", "F", "Z"]
    assert np.array_equal(dataset.images[0], glyph)
    assert dataset.splits == {"train": 2, "test": 2}


def test_emnist_letters_with_nists_mapping_are_the_same(places):
    folder = places / "data" / "emnist-letters"
    folder.mkdir()
    (folder / "emnist-letters-mapping.txt").write_text("".join(f"{i} {64 + i} {96 + i}\n" for i in range(1, 27)))
    write_idx(folder / "emnist-letters-test-images-idx3-ubyte", np.zeros((1, 28, 28), np.uint8))
    write_idx(folder / "emnist-letters-test-labels-idx1-ubyte", np.array([1]))
    dataset = load("emnist-letters")
    assert dataset.alphabet[dataset.labels[0]] == "A"


def test_a_label_that_is_no_class_is_refused(places):
    folder = places / "data" / "emnist-digits"
    folder.mkdir()
    write_idx(folder / "emnist-digits-test-images-idx3-ubyte.gz", np.zeros((2, 28, 28), np.uint8))
    write_idx(folder / "emnist-digits-test-labels-idx1-ubyte.gz", np.array([3, 10]))
    with pytest.raises(DatasetError, match="label 10 of image 2"):
        load("emnist-digits")


def test_the_az_csv_is_letters_and_split_four_to_one(places):
    (places / "data" / "A_Z Handwritten Data.csv").write_text(rows_of([0] * 10 + [25] * 5))
    dataset = load("az")
    assert dataset.counts["A"] == 10
    assert dataset.counts["Z"] == 5
    assert dataset.splits == {"train": 12, "test": 3}


def test_mnist_as_two_csv_files(places):
    (places / "data" / "mnist_train.csv").write_text(rows_of("5041"))
    (places / "data" / "mnist_test.csv").write_text(rows_of("72"))
    dataset = load("mnist-csv")
    assert dataset.labels.tolist() == [5, 0, 4, 1, 7, 2]
    assert dataset.splits == {"train": 4, "test": 2}


def test_glyphs_of_another_size_are_brought_to_the_models(places):
    images = np.zeros((2, 40, 40), np.uint8)
    images[:, 5:30, 10:15] = 255
    dataset = Dataset("big", images, np.zeros(2, np.int64), Alphabet(("1",)), np.array(["train", "test"]))
    assert glyphs_of(dataset).shape == (2, 28, 28)
    assert glyphs_of(dataset).max() == 255


# The user's own


def test_an_imported_set_is_loaded_by_its_name_and_can_go_again(places):
    (places / "my.csv").write_text(rows_of(["α", "β", "α", "ββ", "α", "β"], side=5))
    shares = []
    dataset = import_dataset(places / "my.csv", "greek", progress=shares.append)
    assert shares[-1] == 1.0
    assert dataset.alphabet.labels == ("α", "β", "ββ")
    assert dataset.images.shape == (6, 5, 5)
    (places / "my.csv").unlink()
    assert "greek" in available()
    assert np.array_equal(load("greek").images, dataset.images)
    assert load("greek", "test").labels.tolist()
    remove("greek")
    assert "greek" not in available()


def test_a_class_with_one_image_is_kept_and_noted(places):
    (places / "my.csv").write_text(rows_of("aaaab"))
    dataset = import_dataset(places / "my.csv", "own")
    assert dataset.counts == {"a": 4, "b": 1}
    assert dataset.notes == ("class 'b' has a single image, which cannot be both trained on and tested on",)


def test_a_set_of_the_same_name_is_replaced_only_by_a_good_one(places):
    (places / "my.csv").write_text(rows_of("aabb"))
    import_dataset(places / "my.csv", "own")
    (places / "my.csv").write_text(rows_of("aabb") + "c,1,2\n")
    with pytest.raises(DatasetError, match=r"my\.csv: line 5"):
        import_dataset(places / "my.csv", "own")
    assert len(load("own")) == 4
    assert [path.name for path in (places / "imported").iterdir()] == ["own"]


def test_a_dry_run_reads_everything_and_keeps_nothing(places):
    (places / "my.csv").write_text(rows_of("aabb"))
    dataset = import_dataset(places / "my.csv", "own", dry_run=True)
    assert dataset.counts == {"a": 2, "b": 2}
    assert dataset.images.max() > 0
    assert "own" not in available()
    assert not list((places / "imported").iterdir())


@pytest.mark.parametrize("name", ["../x", "", "a b", "mnist", ".hidden", "x" * 65])
def test_a_bad_name_is_refused(places, name):
    (places / "my.csv").write_text(rows_of("ab"))
    with pytest.raises(DatasetError, match="name"):
        import_dataset(places / "my.csv", name)


def test_black_on_white_is_turned_unless_said_otherwise(places):
    white = np.full((6, 8, 8), 255, np.uint8)
    white[:, 3:5, 2:6] = 10
    np.savez(places / "w.npz", images=white, labels=np.arange(6) % 2)
    assert import_dataset(places / "w.npz", "a").images[0, 0, 0] == 0
    assert import_dataset(places / "w.npz", "a").images[0, 3, 3] == 245
    assert import_dataset(places / "w.npz", "b", polarity="white-on-black").images[0, 0, 0] == 255
    assert preview(places / "w.npz").images[0, 3, 3] == 245


def test_a_set_with_writers_is_split_by_writer(places):
    writers = np.array([f"w{i // 4}" for i in range(200)])
    np.savez(places / "w.npz", images=np.zeros((200, 8, 8), np.uint8), labels=np.arange(200) % 2, writers=writers)
    dataset = import_dataset(places / "w.npz", "own")
    assert np.array_equal(dataset.writers, writers)
    assert not set(dataset.part("train").writers) & set(dataset.part("test").writers)
    balanced = import_dataset(places / "w.npz", "own", split="balanced")
    assert balanced.part("test").counts == {"0": 20, "1": 20}


def test_the_first_rows_before_importing(places):
    (places / "my.csv").write_text(rows_of("abcdefgh" * 500))
    labels, images = preview(places / "my.csv", rows=3)
    assert labels == ["a", "b", "c"]
    assert images.shape == (3, 6, 6)
    assert images.dtype == np.uint8


# Real data


@pytest.mark.parametrize(
    ("name", "split", "count", "classes"),
    [
        ("emnist62", "train", 165_550, 62),
        ("emnist62", "test", 19_793, 62),
        ("emnist-mnist", "test", 10_000, 10),
        ("mnist", "train", 60_000, 10),
        ("mnist", "test", 10_000, 10),
        ("paper_chars", "test", 1_159, 62),
        ("gujarati_digits", None, 20_452, 10),
    ],
)
def test_real_data_is_found(handwriting, name, split, count, classes):
    assert name in available()
    dataset = load(name, split)
    assert len(dataset) == count
    assert len(set(dataset.labels.tolist())) == classes
    border = np.concatenate([dataset.images[:500, 0], dataset.images[:500, -1]])
    assert border.mean() < 64  # white on black


def test_unipen_writers_are_apart_and_its_images_are_the_strokes(handwriting):
    parts = {split: load("unipen", split) for split in ("train", "validation", "test")}
    assert {split: len(part) for split, part in parts.items()} == ENTRIES["unipen"].splits
    writers = {split: set(part.writers) for split, part in parts.items()}
    assert not writers["train"] & writers["test"]
    assert not writers["validation"] & (writers["train"] | writers["test"])
    test = parts["test"]
    # Written down in full, because figures on cards depend on it: the widths and their order.
    widths = np.exp(np.random.default_rng(0).uniform(*np.log((20, 190)), len(test)))
    for i in (0, 1, 777, len(test) - 1):
        assert np.array_equal(test.images[i], ink_to_glyph(render(test.strokes[i], widths[i])))


@pytest.mark.parametrize(("name", "wanted"), [("emnist62", 0.85), ("emnist-mnist", 0.98)])
def test_real_emnist_is_upright(handwriting, recognizer, name, wanted):
    """A wrong orientation would halve this."""
    dataset = load(name, "test")
    best = recognizer.classify(dataset.images[:1000])[:, : len(dataset.alphabet)].argmax(axis=1)
    assert (best == dataset.labels[:1000]).mean() > wanted


def test_a_second_script_imports_as_it_is(handwriting, places):
    source = handwriting / "gujarati_digits" / "gujarati_digits.npz"
    shutil.copy(source, places / "mine.npz")
    dataset = import_dataset(places / "mine.npz", "gujarati")
    assert dataset.images.shape == (20_452, 28, 28)
    assert dataset.alphabet.labels == tuple("0123456789")
    assert np.median(dataset.images[:, 0]) == 0


def test_meta_is_small_and_readable(places):
    mnist_file(places)
    load("mnist")
    (meta,) = (places / "cache" / "datasets").glob("mnist-*/meta.json")
    facts = json.loads(meta.read_text())
    assert facts["shape"] == [30, 28, 28]
