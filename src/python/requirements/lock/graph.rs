//! Which packages of a lock file are needed where: markers along the paths from its roots.

use std::collections::BTreeMap;

use pep508_rs::MarkerTree;

use crate::python::artifact::ExtraName;

/// A package by its position, or an extra of it.
pub(super) type Node = (usize, Option<ExtraName>);

/// The marker under which each package and each extra is needed: one of the paths to it holds.
pub(super) fn reached(
    roots: Vec<(Node, MarkerTree)>,
    edges: &dyn Fn(&Node) -> Vec<(Node, MarkerTree)>,
) -> BTreeMap<Node, MarkerTree> {
    let mut markers: BTreeMap<Node, MarkerTree> = BTreeMap::new();
    let mut pending = roots;
    while let Some((node, marker)) = pending.pop() {
        let known = markers.entry(node.clone()).or_insert(MarkerTree::FALSE);
        let mut wider = known.clone();
        wider.or(marker);
        if wider == *known {
            continue;
        }
        *known = wider.clone();
        for (next, edge) in edges(&node) {
            let mut path = wider.clone();
            path.and(edge);
            pending.push((next, path));
        }
    }
    markers
}

/// The marker under which each package is needed, by position.
pub(super) fn needed(reached: BTreeMap<Node, MarkerTree>) -> BTreeMap<usize, MarkerTree> {
    let mut needed: BTreeMap<usize, MarkerTree> = BTreeMap::new();
    for ((package, _), marker) in reached {
        needed.entry(package).or_insert(MarkerTree::FALSE).or(marker);
    }
    needed
}
