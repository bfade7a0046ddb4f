"""Every known data set as an entry of data: what it is, whose, under which licence, where its files are.

Another data set in one of these formats is one more entry here. ``format`` says how it is read:

* ``"npz"``, ``"idx"``, ``"csv"``: images, see ``readers``;
* ``"pictures"``: a ZIP or folder of image files;
* ``"strokes"``: pen strokes, rendered to images through the app's preprocessing;
* ``"uci-digits"``, ``"synthetic"``: bundled, made by ``bundled``.
"""

from dataclasses import dataclass, field

from hcr_core.alphabet import DIGITS, LOWERCASE, UPPERCASE, Alphabet

CHARACTERS = Alphabet.from_text(DIGITS + UPPERCASE + LOWERCASE)
_DIGITS = Alphabet.from_text(DIGITS)
_LETTERS = Alphabet.from_text(UPPERCASE)
#: EMNIST's merged classes: capitals stand for both cases where the shapes are the same.
_MERGED = Alphabet.from_text(DIGITS + UPPERCASE + "abdefghnqrt")
_GUJARATI = Alphabet.from_text("૦૧૨૩૪૫૬૭૮૯")


@dataclass(frozen=True)
class Download:
    """A file to fetch.

    Attributes:
        url: Where from; empty for what only Kaggle's own client fetches.
        filename: What it is called in the data folder.
        checksum: ``"sha256:..."`` or ``"md5:..."`` as its distributors publish it; ``None`` is not pinned.
        kaggle: Kaggle's name of the data set, for ``kagglehub``.
    """

    url: str
    filename: str
    checksum: str | None = None
    kaggle: str = ""


@dataclass(frozen=True)
class Entry:
    """What is known of a data set without opening it.

    Attributes:
        name: What it is called in Python and on the command line, and its folder in the data folder.
        title: What it is, in a sentence.
        format: How it is read (see the module).
        alphabet: Its classes.
        splits: Images of each part; ``None`` where the number is not fixed.
        licence: Terms and credit, as they have to be shown with a model trained on it.
        cite: The reference.
        homepage: Where it is described.
        files: Its files by split (``""``: the file says it itself, or a split is drawn).
        download: What ``data get`` fetches; ``None`` where it is not distributed freely.
        transposed: The idx files hold every image transposed.
        first_label: The number that stands for the first class.
        synthetic: Drawn by code, not written by people.
    """

    name: str
    title: str
    format: str
    alphabet: Alphabet
    splits: dict[str, int | None]
    licence: str
    cite: str
    homepage: str = ""
    files: tuple[tuple[str, str], ...] = ()
    download: Download | None = None
    transposed: bool = False
    first_label: int = 0
    synthetic: bool = field(default=False, kw_only=True)

    @property
    def bundled(self) -> bool:
        """Whether it is there at once, without any file."""
        return not self.files


_NIST = (
    "NIST Special Database 19 (US public domain) through EMNIST: G. Cohen, S. Afshar, J. Tapson, A. "
    "van Schaik, 2017, arXiv:1702.05373"
)
_COHEN = (
    "G. Cohen, S. Afshar, J. Tapson, A. van Schaik: EMNIST: an extension of MNIST to handwritten "
    "letters. 2017, arXiv:1702.05373"
)
_LECUN = (
    "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document "
    "recognition. Proc. IEEE 86(11), 1998"
)
_MNIST_LICENCE = "CC BY-SA 3.0, as Keras states it: Y. LeCun, C. Cortes, C. Burges, derived from NIST's databases"
#: One archive with all six parts. The checksum is the one that torchvision pins.
_EMNIST_ZIP = Download(
    "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip", "gzip.zip", "md5:58c8d27c78d21e728a6bc7b3cc06412e"
)


def _idx_files(prefix: str) -> tuple[tuple[str, str], ...]:
    return tuple((split, f"{prefix}-{split}-images-idx3-ubyte.gz") for split in ("train", "test"))


def _emnist(part: str, what: str, alphabet: Alphabet, train: int, test: int, first_label: int = 0) -> Entry:
    return Entry(
        name=f"emnist-{part}",
        title=f"EMNIST {part}: {what}",
        format="idx",
        alphabet=alphabet,
        splits={"train": train, "test": test},
        licence=_NIST,
        cite=_COHEN,
        homepage="https://www.nist.gov/itl/products-and-services/emnist-dataset",
        files=_idx_files(f"emnist-{part}"),
        download=_EMNIST_ZIP,
        transposed=True,
        first_label=first_label,
    )


_ENTRIES = (
    Entry(
        name="digits",
        title="UCI optical recognition of handwritten digits, the test part that scikit-learn brings: 13 writers, "
        "8 x 8 enlarged to 28 x 28",
        format="uci-digits",
        alphabet=_DIGITS,
        splits={"train": 1_438, "test": 359},
        licence="CC BY 4.0: E. Alpaydin, C. Kaynak, UCI Machine Learning Repository, 1998",
        cite="E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits. UCI Machine Learning "
        "Repository, 1998, doi:10.24432/C50P49",
        homepage="https://archive.ics.uci.edu/dataset/80",
    ),
    Entry(
        name="synthetic",
        title="synthetic: pen strokes written by code in several styles, 62 classes; not handwriting of people",
        format="synthetic",
        alphabet=CHARACTERS,
        splits={"train": 4_960, "test": 1_240},
        licence="free to use, part of this program",
        cite="this program",
        synthetic=True,
    ),
    Entry(
        name="mnist",
        title="MNIST: digits of census employees and high-school students, fitted to 20 x 20 and centred by mass",
        format="npz",
        alphabet=_DIGITS,
        splits={"train": 60_000, "test": 10_000},
        licence=_MNIST_LICENCE,
        cite=_LECUN,
        homepage="https://keras.io/api/datasets/mnist/",
        files=(("", "mnist.npz"),),
        # Keras pins this checksum (keras/src/datasets/mnist.py).
        download=Download(
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
            "mnist.npz",
            "sha256:731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        ),
    ),
    Entry(
        name="mnist-csv",
        title="MNIST as the two CSV files of many tutorials, label first",
        format="csv",
        alphabet=_DIGITS,
        splits={"train": 60_000, "test": 10_000},
        licence=_MNIST_LICENCE,
        cite=_LECUN,
        homepage="https://www.kaggle.com/datasets/oddrationale/mnist-in-csv",
        files=(("train", "mnist_train.csv"), ("test", "mnist_test.csv")),
        download=Download("", "mnist_train.csv", kaggle="oddrationale/mnist-in-csv"),
    ),
    Entry(
        name="az",
        title="Kaggle's A-Z Handwritten Alphabets: capitals from NIST and others as one CSV, very unequal classes",
        format="csv",
        alphabet=_LETTERS,
        splits={"train": None, "test": None},
        licence="CC0 as its Kaggle page states it: S. Patel, A-Z Handwritten Alphabets in .csv format",
        cite="S. Patel: A-Z Handwritten Alphabets in .csv format. Kaggle, 2018",
        homepage="https://www.kaggle.com/datasets/sachinpatel21/az-handwritten-alphabets-in-csv-format",
        files=(("", "A_Z Handwritten Data.csv"),),
        download=Download(
            "", "A_Z Handwritten Data.csv", kaggle="sachinpatel21/az-handwritten-alphabets-in-csv-format"
        ),
    ),
    _emnist("byclass", "all of NIST's characters, 62 classes as they occur", CHARACTERS, 697_932, 116_323),
    _emnist("bymerge", "the same with look-alike cases merged, 47 classes", _MERGED, 697_932, 116_323),
    _emnist("balanced", "47 merged classes, the same number of each", _MERGED, 112_800, 18_800),
    _emnist("letters", "26 letters, capitals and small ones merged", _LETTERS, 124_800, 20_800, first_label=1),
    _emnist("digits", "digits, the same number of each", _DIGITS, 240_000, 40_000),
    _emnist("mnist", "digits in MNIST's numbers, brought to 28 x 28 as EMNIST does", _DIGITS, 60_000, 10_000),
    Entry(
        name="emnist62",
        title="NIST handwriting, 62 classes, put together from EMNIST byclass and bymerge test images and a slice of "
        "balanced train, split anew by content; not comparable with published EMNIST byclass figures",
        format="idx",
        alphabet=CHARACTERS,
        splits={"train": 165_550, "test": 19_793},
        licence=_NIST,
        cite=_COHEN,
        files=_idx_files("emnist62"),
        transposed=True,
    ),
    Entry(
        name="unipen",
        title="isolated characters as pen strokes, 62 classes, 235 writers, split by writer",
        format="strokes",
        alphabet=CHARACTERS,
        splits={"train": 48_378, "validation": 2_100, "test": 13_754},
        licence="UNIPEN train_r01_v07, CC BY 4.0: I. Guyon, L. Schomaker, R. Plamondon, M. Liberman, S. Janet, "
        "1994, UNIPEN project of on-line data exchange and recognizer benchmarks",
        cite="I. Guyon, L. Schomaker, R. Plamondon, M. Liberman, S. Janet: UNIPEN project of on-line data exchange and "
        "recognizer benchmarks. ICPR 1994",
        files=(("", "unipen_chars.npz"),),
    ),
    Entry(
        name="paper_chars",
        title="photographed single characters on paper, 62 classes; for testing only, never trained on",
        format="pictures",
        alphabet=CHARACTERS,
        splits={"test": 1_159},
        licence="for development only; not distributed",
        cite="not distributed",
        files=(("test", "paper_chars.zip"),),
    ),
    Entry(
        name="gujarati_digits",
        title="Gujarati digits, a second script",
        format="npz",
        alphabet=_GUJARATI,
        splits={"train": None, "test": None},
        licence="for development only; not distributed",
        cite="not distributed",
        files=(("", "gujarati_digits.npz"),),
    ),
)
#: All entries by name.
ENTRIES: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
