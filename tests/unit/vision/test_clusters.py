"""Clusters of changed cells."""

import numpy as np

from vedette.vision.clusters import CAP, Clusters, clustered, labelled, only

MASK = np.zeros((45, 80), np.uint8)
MASK[0:4, 0:3] = MASK[20:30, 40:50] = 1


def test_strong_cells_together_are_a_cluster() -> None:
    """Four strong neighbours count, with weaker ones beside them; a speckle, however strong, does not."""
    strength = np.zeros((45, 80), np.float32)
    strength[10:12, 10:12] = CAP
    strength[12, 11] = 5
    strength[30, 60] = 1000
    assert np.argwhere(clustered(strength)).tolist() == [[10, 10], [10, 11], [11, 10], [11, 11], [12, 11]]


def test_clusters_are_numbered_with_their_rims() -> None:
    """Every cluster has its number, also on the cells around it; what is apart has another one."""
    labels = labelled(MASK)
    assert labels[4, 3] == labels[0, 0] == 1
    assert labels[19, 39] == labels[25, 45] == 2
    assert labels[10, 10] == 0
    assert np.array_equal(only(MASK, labels, np.array([True, False, True])), MASK * (labels == 2))


def test_clusters_are_measured_with_their_rims() -> None:
    """Extents and sizes count the cell around, where the picture has room for it."""
    clusters = Clusters.of(MASK)
    assert clusters.extents[1:].tolist() == [[0, 0, 4, 5], [39, 19, 12, 12]]
    assert clusters.sizes[1:].tolist() == [20, 144]
    assert clusters.chosen.tolist() == [False, True, True]


def test_some_clusters_are_kept() -> None:
    """Dropped clusters leave the mask and the choice; those kept are unchanged."""
    kept = Clusters.of(MASK).only(np.array([True, True, False]))
    assert kept.chosen.tolist() == [False, True, False]
    assert np.array_equal(kept.mask, MASK * (np.arange(80) < 10))


def test_clusters_are_touched_where_they_have_cells() -> None:
    """A place in a cluster touches it; one on its rim or elsewhere does not."""
    places = np.zeros(MASK.shape, np.bool_)
    places[4, 3] = places[25, 45] = True
    assert Clusters.of(MASK).touched(places).tolist() == [False, False, True]


def test_no_clusters() -> None:
    """An empty mask has none."""
    none = Clusters.none(MASK.shape)
    assert not none.mask.any()
    assert not none.touched(none.mask == 0).any()
