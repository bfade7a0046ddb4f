"""What tutorials published of their networks, to stand beside what the same networks reach here."""

from dataclasses import dataclass

from hcr_core.alphabet import UPPERCASE


@dataclass(frozen=True)
class PublishedResult:
    """A network's figure as its document gives it.

    Attributes:
        network: An architecture of ``training.architectures``.
        document: Which tutorial.
        data: What it was trained and measured on.
        figure: The accuracy, in its words; never comparable digit by digit with another data set's.
        accuracy: That figure as a share, 0-1.
        trained: How.
    """

    network: str
    document: str
    data: str
    figure: str
    accuracy: float
    trained: str


PUBLISHED_RESULTS = (
    PublishedResult(
        "az-cnn", "A-Z (1)", "A-Z Handwritten Alphabets, test 74,490", "over 97 %", 0.97, "Adam 0.001, 1 epoch"
    ),
    PublishedResult(
        "az-cnn", "A-Z (2)", "A-Z Handwritten Alphabets, validation", "99 %, loss 0.05", 0.99, "10 epochs, batch 128"
    ),
    PublishedResult(
        "mlp-sigmoid", "NIST letters", "NIST SD19 capitals, test 74,491", "95.6 %", 0.956, "Adam, early stopping"
    ),
    PublishedResult(
        "mnist-cnn", "MNIST (1)", "MNIST, validation 30 %", "over 98 %", 0.98, "Adam, 10 epochs, batch 128"
    ),
    PublishedResult("mlp-256", "MNIST (2)", "MNIST, test 10,000", "96 %", 0.96, "Adam, 25 epochs, batch 100"),
    PublishedResult("mnist-cnn-128", "MNIST (2)", "MNIST, test 10,000", "99 %", 0.99, "12 epochs, batch 128"),
)


@dataclass(frozen=True)
class PublishedLetter:
    """One letter of the NIST document's test: how many were read, how many of them right, and what the others were."""

    attempts: int
    right: int
    mistaken_for: str

    @property
    def accuracy(self) -> float:
        """Share of right answers, 0-1."""
        return self.right / self.attempts


#: Attempts, right answers and what the others were read as, A-Z. The rows add up to 74,491 and 71,277;
#: the document's own text says 71,227.
_NIST_LETTERS = """
2774 2696 BHKNRX   1734 1572 ADEGHRS  4682 4544 EGLO  2027 1776 BOPQ  2288 2115 BCFGKS  233 210 EPT  1152 1050 BCEOQ
1444 1278 ABKNR    224 196 JLTZ       1699 1589 ITZ   1121 1008 AEHMNRXY  2317 2255 CI  2467 2337 KNW
3802 3606 AHKMR    11565 11338 CDGQ   3868 3778 DFR   1162 1009 DGO   2313 2144 ABHKNP  9684 9481 BE  4499 4430 FIJ
5802 5658 VW       836 810 UWY        2157 2017 MUV   1254 1163 AKY   2172 2055 KX      1215 1162 IJ
"""
_FIELDS = _NIST_LETTERS.split()
#: The NIST document's test results by letter.
PUBLISHED_LETTERS: dict[str, PublishedLetter] = {
    letter: PublishedLetter(int(attempts), int(right), mistaken)
    for letter, attempts, right, mistaken in zip(UPPERCASE, _FIELDS[::3], _FIELDS[1::3], _FIELDS[2::3], strict=True)
}
