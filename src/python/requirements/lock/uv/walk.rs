//! What of a lock is taken: along the dependencies of the projects that it was made for.

use std::collections::{BTreeMap, BTreeSet};

use pep508_rs::MarkerTree;
use toml::Spanned;

use super::{
    UvDependency, UvManifest, UvPackage,
    conflicts::{Active, ConflictMember, ExtraConflict},
};
use crate::python::{
    artifact::{ExtraName, ProjectName, extra_name},
    metadata::parse_marker,
    requirements::{
        RequirementsError, Written,
        document::InputDocument,
        lock::graph::{Node, reached},
        project::canonical,
    },
};

/// How often what is taken may change what is taken.
const ROUNDS: usize = 16;

/// A package or an extra that is needed where the marker holds.
type WalkEdge = (Node, MarkerTree);

/// What is taken of a lock: projects that it was made for, extras and groups of theirs.
pub(super) struct Chosen {
    pub members: Vec<usize>,
    pub extras: Vec<ExtraName>,
    /// By their canonical names.
    pub groups: BTreeSet<String>,
}

/// What a choice leads to.
pub(super) struct Reached {
    pub nodes: BTreeMap<Node, MarkerTree>,
    /// What the chosen projects need themselves.
    pub roots: Vec<(usize, WalkEdge)>,
}

pub(super) struct Graph<'a> {
    pub document: &'a InputDocument<'a>,
    pub packages: &'a [Spanned<UvPackage>],
    /// The positions of each project.
    pub names: BTreeMap<ProjectName, Vec<usize>>,
}

impl Graph<'_> {
    pub(super) fn package(&self, at: usize) -> &UvPackage {
        self.packages[at].get_ref()
    }

    /// The projects that the lock was made for: that of its own folder, else all of the workspace.
    pub(super) fn members(&self, manifest: &UvManifest) -> Vec<usize> {
        let all = 0..self.packages.len();
        let own: Vec<usize> =
            all.clone().filter(|at| self.package(*at).source.member() == Some(".")).collect();
        if !own.is_empty() {
            return own;
        }
        all.filter(|at| manifest.members.contains(&self.package(*at).name)).collect()
    }

    /// All that a choice leads to. What excludes what depends on it, so it is looked for until
    /// nothing changes.
    pub(super) fn reached(
        &self,
        chosen: &Chosen,
        conflicts: &[Vec<ExtraConflict>],
    ) -> Result<Reached, RequirementsError> {
        let start = self.start(chosen)?;
        // Errors are found here, so that there are none on the way.
        for position in 0..self.packages.len() {
            let optional = self.package(position).optional_dependencies.keys();
            let extras = optional.filter_map(|name| extra_name(name)).map(Some);
            for extra in extras.chain([None]) {
                self.edges(&(position, extra), &start)?;
            }
        }
        let mut active = start.clone();
        for _ in 0..ROUNDS {
            let roots = self.roots(chosen, &active)?;
            let edges = roots.iter().map(|(_, edge)| edge.clone()).collect();
            let nodes = reached(edges, &|node| self.edges(node, &active).unwrap_or_default());
            let mut next = start.clone();
            for ((position, extra), marker) in &nodes {
                let name = self.name(*position)?;
                next.add(
                    extra.clone().map_or(ConflictMember::Project(name.clone()), |e| {
                        ConflictMember::Extra(name, e)
                    }),
                    marker,
                );
            }
            if conflicts.is_empty() || next == active {
                let path = self.document.path.to_owned();
                next.check(conflicts)
                    .map_err(|problem| RequirementsError::Conflict { path, problem })?;
                return Ok(Reached { nodes, roots });
            }
            active = next;
        }
        Err(self.document.error(None, "its conflicts depend on each other".to_owned()))
    }

    /// What is taken before anything is looked at.
    fn start(&self, chosen: &Chosen) -> Result<Active, RequirementsError> {
        let mut active = Active::default();
        for position in &chosen.members {
            let name = self.name(*position)?;
            active.add(ConflictMember::Project(name.clone()), &MarkerTree::TRUE);
            for extra in &chosen.extras {
                active.add(ConflictMember::Extra(name.clone(), extra.clone()), &MarkerTree::TRUE);
            }
            for group in &chosen.groups {
                active.add(ConflictMember::Group(name.clone(), group.clone()), &MarkerTree::TRUE);
            }
        }
        Ok(active)
    }

    fn name(&self, position: usize) -> Result<ProjectName, RequirementsError> {
        self.document.name(self.packages[position].span().start, &self.package(position).name)
    }

    /// What the chosen projects, extras and groups need, with the project that does.
    fn roots(
        &self,
        chosen: &Chosen,
        active: &Active,
    ) -> Result<Vec<(usize, WalkEdge)>, RequirementsError> {
        let mut roots: Vec<(usize, WalkEdge)> = Vec::new();
        for member in &chosen.members {
            let mut edges = self.edges(&(*member, None), active)?;
            for extra in &chosen.extras {
                edges.extend(self.edges(&(*member, Some(extra.clone())), active)?);
            }
            let groups = self.package(*member).dev_dependencies.iter();
            for (_, list) in groups.filter(|(name, _)| chosen.groups.contains(&canonical(name))) {
                edges.extend(self.links(*member, list, active)?);
            }
            roots.extend(edges.into_iter().map(|edge| (*member, edge)));
        }
        Ok(roots)
    }

    /// What the chosen projects state that they require, without each other.
    pub(super) fn stated(&self, chosen: &Chosen) -> Result<Vec<Written>, RequirementsError> {
        let names = chosen.members.iter().map(|member| self.name(*member));
        let names = names.collect::<Result<BTreeSet<_>, _>>()?;
        let mut stated = Vec::new();
        for member in &chosen.members {
            let at = self.packages[*member].span().start;
            if let Some(metadata) = &self.package(*member).metadata {
                let own = self.name(*member)?;
                stated.extend(metadata.required(self.document, at, &own, chosen)?);
            }
        }
        stated.retain(|written| written.name.as_ref().is_none_or(|name| !names.contains(name)));
        Ok(stated)
    }

    /// The packages that projects need themselves which do not state what they require, and the
    /// extras of each.
    pub(super) fn unstated(&self, roots: &[(usize, WalkEdge)]) -> BTreeMap<usize, Vec<ExtraName>> {
        let mut asked: BTreeMap<usize, Vec<ExtraName>> = BTreeMap::new();
        let silent = |member: usize| self.package(member).metadata.is_none();
        for (_, ((position, extra), _)) in roots.iter().filter(|(member, _)| silent(*member)) {
            asked.entry(*position).or_default().extend(extra.clone());
        }
        asked
    }

    /// A marker of the lock, without the extras that stand for conflicts.
    fn marker(
        &self,
        at: usize,
        text: &str,
        active: &Active,
    ) -> Result<MarkerTree, RequirementsError> {
        let tree = parse_marker(text)
            .and_then(|tree| if text.contains("extra") { active.settle(&tree) } else { Ok(tree) });
        tree.map_err(|problem| self.document.error(Some(at), problem))
    }

    /// What a package requires, or what an extra of it requires besides.
    fn edges(
        &self,
        (position, extra): &Node,
        active: &Active,
    ) -> Result<Vec<WalkEdge>, RequirementsError> {
        let package = self.package(*position);
        let Some(extra) = extra else {
            return self.links(*position, &package.dependencies, active);
        };
        let mut edges = vec![((*position, None), MarkerTree::TRUE)];
        let mut optional = package.optional_dependencies.iter();
        if let Some((_, list)) = optional.find(|(name, _)| extra_name(name).as_ref() == Some(extra))
        {
            edges.extend(self.links(*position, list, active)?);
        }
        Ok(edges)
    }

    fn links(
        &self,
        from: usize,
        list: &[UvDependency],
        active: &Active,
    ) -> Result<Vec<WalkEdge>, RequirementsError> {
        let at = self.packages[from].span().start;
        let mut edges = Vec::new();
        for dependency in list {
            let name = self.document.name(at, &dependency.name)?;
            let tree = match &dependency.marker {
                Some(text) => self.marker(at, text, active)?,
                None => MarkerTree::TRUE,
            };
            let fits = |position: &&usize| {
                let package = self.package(**position);
                let same_version =
                    dependency.version.is_none() || dependency.version == package.version;
                let source = dependency.source.as_ref();
                same_version && source.is_none_or(|source| *source == package.source)
            };
            let known = self.names.get(&name).map_or(&[][..], Vec::as_slice);
            let mut found = known.iter().filter(fits).peekable();
            if found.peek().is_none() {
                let problem = format!(
                    "`{}` requires `{name}`, which is not in the file",
                    self.package(from).name
                );
                return Err(self.document.error(Some(at), problem));
            }
            for position in found {
                let mut tree = tree.clone();
                tree.and(self.fork(*position, active)?);
                edges.push(((*position, None), tree.clone()));
                let extras = dependency.extra.iter().filter_map(|name| extra_name(name));
                edges.extend(extras.map(|extra| ((*position, Some(extra)), tree.clone())));
            }
        }
        Ok(edges)
    }

    /// Where one of several versions of a project counts.
    fn fork(&self, position: usize, active: &Active) -> Result<MarkerTree, RequirementsError> {
        let at = self.packages[position].span().start;
        let mut fork: Option<MarkerTree> = None;
        for text in &self.package(position).resolution_markers {
            let tree = self.marker(at, text, active)?;
            fork.get_or_insert(MarkerTree::FALSE).or(tree);
        }
        Ok(fork.unwrap_or(MarkerTree::TRUE))
    }
}
