import numpy as np
import pytest
from drawn_pages import page

from hcr_core.lattice import PlacedLine, ScoredLine, Weights, lattice_of
from hcr_core.segmentation import cut_line, group
from hcr_core.word_reading import best_kind, best_path, kinds


@pytest.mark.parametrize("allowed", [None, "letters", "digits"])
def test_the_best_kind_is_the_best_of_all_though_few_are_tried(recognizer, allowed):
    rng, weights, found = np.random.default_rng(0), Weights(), set()
    pieces = cut_line(255 - page("Fox 12")[..., 0], 60.0)
    groups = group(pieces)
    for _ in range(40):
        # Of no sense, so that now one kind of words wins and now another.
        probabilities = rng.dirichlet(np.full(62, 0.02), len(groups))
        folded, whole = rng.dirichlet(np.full(36, 0.1), len(groups)), rng.random(len(groups))
        alphabet, classes = recognizer.alphabet, recognizer.alphabet.select(allowed)
        lattice = lattice_of(pieces, groups, probabilities, folded, whole, alphabet, classes)
        placed, known = PlacedLine(ScoredLine.of(lattice, weights), weights, None), kinds(alphabet, classes, weights)
        start = int(rng.integers(len(pieces) - 1))
        end = int(rng.integers(start + 1, min(len(pieces), start + 8) + 1))
        path, kind = best_kind(placed, known, start, end)
        tried = [best_path(placed, start, end, other.initial, other.following) for other in known]
        scores = [one.score - other.cost for one, other in zip(tried, known, strict=True)]
        assert (path, kind) == (tried[int(np.argmax(scores))], known[int(np.argmax(scores))])
        found.add(int(np.argmax(scores)))
    assert len(found) > 1 or allowed == "digits"
