"""What the grouping networks are asked, and that their training makes what the app reads."""

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from conftest import ROOT
from drawn_pages import page

from hcr_core.group_features import CONTEXT_SIDE, GEOMETRY, SURENESS, context_images, geometry, sureness
from hcr_core.grouping_model import CLASSES, FIRST_LOOK, NETWORK, FirstLook, behind_best, first_look, grouping_model
from hcr_core.inference import Network
from hcr_core.layout import single_line, typical_height
from hcr_core.segmentation import all_as_one, cut_line, group, group_glyphs
from hcr_core.training.grouping_networks import first_look_arrays, first_look_network


def pieces_of(text: str):
    ink = 255 - page(text)[..., 0]
    return cut_line(single_line(ink)[0].ink, typical_height(ink))


@pytest.mark.parametrize("text", ["Hot", "fox 13", "i"])
def test_every_group_has_its_features(recognizer, text):
    pieces = pieces_of(text)
    groups = group(pieces)
    glyphs, boxes = group_glyphs(pieces, groups)
    rows = np.column_stack([geometry(pieces, groups), sureness(*recognizer.judge(glyphs), recognizer.alphabet)])
    contexts = context_images(pieces, groups, boxes)
    assert rows.shape == (len(groups), GEOMETRY + SURENESS)
    assert np.isfinite(rows).all()
    assert contexts.shape == (len(groups), CONTEXT_SIDE, CONTEXT_SIDE, 2)
    # A group's own ink is part of all ink around it.
    assert (contexts[..., 1] <= contexts[..., 0]).all()
    assert (contexts[..., 1].max(axis=(1, 2)) > 100).all()


def test_whole_letters_are_told_from_halves_and_pairs(recognizer):
    pieces = pieces_of("Wind")
    groups = group(pieces)
    glyphs, boxes = group_glyphs(pieces, groups)
    rows = np.column_stack([geometry(pieces, groups), sureness(*recognizer.judge(glyphs), recognizer.alphabet)])
    classes, whole = grouping_model().classify(glyphs, context_images(pieces, groups, boxes), rows)
    assert classes.shape == (len(groups), len(CLASSES))
    # Components are letters here.
    starts = np.append(np.flatnonzero(pieces.cut[:-1] == 0), len(pieces))
    letters = set(pairwise(starts.tolist()))
    letter = np.array([pair in letters for pair in zip(groups.first.tolist(), groups.last.tolist(), strict=True)])
    assert whole[letter].min() > 0.5 > np.median(whole[~letter])


def test_the_first_look_keeps_letters_and_drops_others():
    pieces = pieces_of("The quick brown fox")
    groups = group(pieces)
    likely = first_look().likely(pieces, groups)
    starts = np.append(np.flatnonzero(pieces.cut[:-1] == 0), len(pieces))
    kept = set(zip(likely.first.tolist(), likely.last.tolist(), strict=True))
    assert set(pairwise(starts.tolist())) <= kept
    assert len(likely) < 0.8 * len(groups)


def test_how_far_behind_the_best_path_a_group_is():
    # Two pieces: both as one (3), or each alone (1 and 1.5); the last one can also be left out.
    first, last, scores = np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([1.0, 3.0, 1.5])
    assert behind_best(first, last, scores, 2) == pytest.approx([0.5, 0, 0.5], abs=1e-6)


def test_all_pieces_can_be_one_group():
    pieces = pieces_of("Hot fox")
    groups = all_as_one(pieces)
    assert (groups.first.tolist(), groups.last.tolist()) == ([0], [len(pieces)])
    (glyph,), (box,) = group_glyphs(pieces, groups)
    assert glyph.max() == 255
    assert box.width > 4 * box.height


def test_the_first_network_is_read_as_it_was_trained(tmp_path):
    # The last number never varies, as of a model that cannot refuse.
    rows = np.random.default_rng(0).normal(3, [2.0] * (GEOMETRY - 1) + [0], (300, GEOMETRY)).astype(np.float32)
    network = first_look_network(rows)
    np.savez(tmp_path / FIRST_LOOK.name, **first_look_arrays(network, 0.1))
    read = FirstLook(tmp_path / FIRST_LOOK.name).probabilities(rows)
    assert np.abs(read - network.predict(rows, verbose=0)[:, 0]).max() < 1e-4


def test_the_training_command_makes_what_the_app_reads(handwriting, tmp_path):
    command = [sys.executable, "-m", "hcr_core.training.grouping", "--words", "24", "--lines", "24", "--epochs", "1"]
    environment = os.environ | {"HCR_DATA_DIR": str(handwriting), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [*command, "--out", str(tmp_path)], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert "AUROC" in done.stdout
    pieces = pieces_of("Hot fox")
    groups = group(pieces)
    likely = FirstLook(tmp_path / FIRST_LOOK.name).likely(pieces, groups)
    assert 0 < len(likely) <= len(groups)
    glyphs, boxes = group_glyphs(pieces, groups)
    rows = np.zeros((len(groups), GEOMETRY + SURENESS), np.float32)
    inputs = {"glyph": glyphs[..., None], "context": context_images(pieces, groups, boxes), "rows": rows}
    shapes = {output.shape for output in Network((tmp_path / NETWORK.name).read_bytes()).run(inputs)}
    assert shapes == {(len(groups), len(CLASSES)), (len(groups), 1)}
