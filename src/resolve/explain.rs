//! Explanations of conflicts.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use pubgrub::{
    DefaultStringReporter, DerivationTree, Derived, External, Map, ReportFormatter, Reporter, Term,
    VersionSet,
};

use super::{
    ResolveError,
    candidates::Candidates,
    package::{Dependent, ResolverPackage},
    positions::Positions,
    provider::Provider,
    releases::specifiers,
};
use crate::python::{artifact::ProjectName, metadata::satisfies};

type Tree = DerivationTree<ResolverPackage, Positions, String>;
type Fact = External<ResolverPackage, Positions, String>;
type Conclusion = Derived<ResolverPackage, Positions, String>;
type Terms = Map<ResolverPackage, Term<Positions>>;
/// Conclusions by their addresses in the derivation tree.
type FinishedExplanation = BTreeMap<*const Tree, Arc<Tree>>;

/// Returns the error that explains why there is no solution.
pub(super) fn explain(provider: &Provider<'_>, tree: Tree) -> ResolveError {
    let sentences = Sentences { provider };
    if let Some(error) = sentences.broken(&tree) {
        return error;
    }
    let tree = simplified(&Arc::new(tree), &mut FinishedExplanation::new());
    let report = DefaultStringReporter::report_with_formatter(&tree, &sentences);
    let explanation = format!("the requirements cannot be met together\n{report}");
    let mut hints = BTreeSet::new();
    sentences.hints(&tree, &mut hints, &mut BTreeSet::new());
    let unknown = sentences.unknown();
    ResolveError::Unsatisfiable { explanation, hints: hints.into_iter().collect(), unknown }
}

struct Sentences<'a> {
    provider: &'a Provider<'a>,
}

impl Sentences<'_> {
    /// Returns the requirement behind a fact.
    fn edge(
        &self,
        from: &ResolverPackage,
        at: &Positions,
        to: &ResolverPackage,
        set: &Positions,
    ) -> Option<Dependent> {
        let edges = self.provider.edges.borrow();
        edges
            .iter()
            .find(|edge| {
                edge.from == *from && edge.to == *to && edge.set == *set && at.has(edge.position)
            })
            .cloned()
    }

    /// Returns a package and the versions in a set, as text.
    fn name(&self, package: &ResolverPackage, set: &Positions) -> String {
        let candidates = package.project().map(|name| self.provider.releases.candidates(name));
        let Some(Ok(candidates)) = candidates else {
            return package.to_string();
        };
        match versions(&candidates, set) {
            Some(versions) => format!("`{package} {versions}`"),
            None => format!("`{package}`"),
        }
    }

    fn requirement(&self, edge: &Dependent) -> String {
        let mut sentence = match &edge.origin {
            Some(origin) => format!("`{}` is required ({origin})", edge.requirement),
            None => {
                let from = self.name(&edge.from, &Positions::of(edge.position));
                format!("{from} requires `{}`", edge.requirement)
            }
        };
        if edge.set.is_empty() {
            sentence.push_str(&self.absence(edge));
        }
        sentence
    }

    /// Returns the reason why no release satisfies a requirement.
    fn absence(&self, edge: &Dependent) -> String {
        match self.provider.releases.candidates(&edge.requirement.name) {
            Ok(candidates) if !candidates.is_known => {
                format!(" (the index does not have `{}`)", candidates.project)
            }
            _ => format!(", but no usable release of `{}` satisfies it", edge.requirement.name),
        }
    }

    /// Returns the error of a project if every release that a requirement allows has unusable
    /// metadata and the conflict rests on that.
    fn broken(&self, tree: &Tree) -> Option<ResolveError> {
        let mut blamed = BTreeSet::new();
        unusable(tree, &mut blamed, &mut BTreeSet::new());
        let edges = self.provider.edges.borrow();
        edges.iter().find_map(|edge| {
            let releases = self.provider.releases;
            let project = blamed.get(&edge.requirement.name)?;
            let candidates = releases.candidates(project).ok()?;
            let errors = candidates.within(&edge.set);
            let errors: Option<Vec<_>> =
                errors.map(|(_, candidate)| releases.metadata_error(&candidate.file)).collect();
            let error = Box::new(errors?.pop()?);
            Some(ResolveError::Index { project: project.clone(), error })
        })
    }

    /// Returns the required projects that the index does not have, each with its dependants.
    fn unknown(&self) -> BTreeMap<ProjectName, String> {
        let edges = self.provider.edges.borrow();
        let unknown = edges.iter().filter(|edge| {
            let candidates = self.provider.releases.candidates(&edge.requirement.name);
            candidates.is_ok_and(|candidates| !candidates.is_known)
        });
        let by = |edge: &Dependent| {
            let from = self.name(&edge.from, &Positions::of(edge.position));
            edge.origin.clone().unwrap_or(from.replace('`', ""))
        };
        unknown.map(|edge| (edge.requirement.name.clone(), by(edge))).collect()
    }

    /// Collects hints for the unsatisfied requirements in a tree.
    fn hints(
        &self,
        tree: &Arc<Tree>,
        hints: &mut BTreeSet<String>,
        seen: &mut BTreeSet<*const Tree>,
    ) {
        if !seen.insert(Arc::as_ptr(tree)) {
            return;
        }
        match &**tree {
            Tree::External(External::FromDependencyOf(from, at, to, set)) if set.is_empty() => {
                if let Some(edge) = self.edge(from, at, to, set) {
                    hints.extend(self.hint(&edge));
                }
            }
            Tree::External(_) => {}
            Tree::Derived(derived) => {
                self.hints(&derived.cause1, hints, seen);
                self.hints(&derived.cause2, hints, seen);
            }
        }
    }

    fn hint(&self, edge: &Dependent) -> Option<String> {
        let candidates = self.provider.releases.candidates(&edge.requirement.name).ok()?;
        let wanted = specifiers(&edge.requirement);
        let project = &candidates.project;
        let mut list = candidates.list.iter().rev();
        if let Some(yanked) = list.find(|candidate| satisfies(&candidate.version, &wanted)) {
            let version = &yanked.version;
            return Some(format!(
                "`{project} {version}` was yanked: only `=={version}` would take it"
            ));
        }
        let mut rejected = candidates.rejected.iter().rev();
        if let Some((version, why)) = rejected.find(|(version, _)| satisfies(version, &wanted)) {
            return Some(format!("`{project} {version}` {why}"));
        }
        let newest = candidates.list.last()?;
        Some(format!("the newest usable release is `{project} {}`", newest.version))
    }

    fn both(&self, first: String, second: String, terms: &Terms) -> String {
        format!("because {first} and {second}, {}", self.format_terms(terms))
    }
}

/// Collects the projects with releases that a tree excludes as unusable.
fn unusable(tree: &Tree, found: &mut BTreeSet<ProjectName>, seen: &mut BTreeSet<*const Tree>) {
    if !seen.insert(std::ptr::from_ref(tree)) {
        return;
    }
    match tree {
        Tree::External(External::Custom(package, ..)) => found.extend(package.project().cloned()),
        Tree::External(_) => {}
        Tree::Derived(derived) => {
            unusable(&derived.cause1, found, seen);
            unusable(&derived.cause2, found, seen);
        }
    }
}

/// Merges the equal requirements of several releases of one package into one fact.
fn same_requirement(first: &Tree, second: &Tree) -> Option<Tree> {
    match (first, second) {
        (
            Tree::External(External::FromDependencyOf(from, at, to, set)),
            Tree::External(External::FromDependencyOf(also_from, also_at, also_to, also_set)),
        ) if from.is_same(also_from) && to.is_same(also_to) && set == also_set => {
            let at = at.union(also_at);
            Some(Tree::External(External::FromDependencyOf(
                from.clone(),
                at,
                to.clone(),
                set.clone(),
            )))
        }
        _ => None,
    }
}

/// Returns the tree without the steps that only connect an extra with its project or repeat the
/// same requirement of another release. Shared conclusions are visited once.
fn simplified(tree: &Arc<Tree>, done: &mut FinishedExplanation) -> Arc<Tree> {
    let Tree::Derived(derived) = &**tree else { return Arc::clone(tree) };
    if let Some(known) = done.get(&Arc::as_ptr(tree)) {
        return Arc::clone(known);
    }
    let is_companion = |cause: &Tree| {
        matches!(cause, Tree::External(External::FromDependencyOf(ResolverPackage::Extra(of, ..), at, to, set))
            if to.project() == Some(of) && at == set)
    };
    let (first, second) = (&derived.cause1, &derived.cause2);
    let shorter = if is_companion(first) {
        simplified(second, done)
    } else if is_companion(second) {
        simplified(first, done)
    } else {
        let cause1 = simplified(first, done);
        let cause2 = simplified(second, done);
        Arc::new(
            same_requirement(&cause1, &cause2)
                .unwrap_or_else(|| Tree::Derived(Derived { cause1, cause2, ..derived.clone() })),
        )
    };
    done.insert(Arc::as_ptr(tree), Arc::clone(&shorter));
    shorter
}

/// Formats the versions in a set as the user would write them; `None` for all.
fn versions(candidates: &Candidates, set: &Positions) -> Option<String> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for (position, _) in candidates.within(set) {
        match runs.last_mut() {
            Some(run) if run.1 + 1 == position => run.1 = position,
            _ => runs.push((position, position)),
        }
    }
    let last = u32::try_from(candidates.list.len()).ok()?.checked_sub(1)?;
    if runs == [(0, last)] && last > 0 {
        return None;
    }
    let version = |at: u32| candidates.at(at).map(|found| found.version.to_string());
    let run = |(start, end): &(u32, u32)| -> Option<String> {
        Some(match (*start, *end) {
            (start, end) if start == end => version(start)?,
            (0, end) => format!("<={}", version(end)?),
            (start, end) if end == last => format!(">={}", version(start)?),
            (start, end) => format!(">={},<={}", version(start)?, version(end)?),
        })
    };
    if runs.is_empty() {
        return Some("(no release)".to_owned());
    }
    Some(runs.iter().filter_map(run).collect::<Vec<_>>().join(" or "))
}

impl ReportFormatter<ResolverPackage, Positions, String> for Sentences<'_> {
    type Output = String;

    fn format_external(&self, fact: &Fact) -> String {
        match fact {
            External::NotRoot(..) => "the requirements are given".to_owned(),
            External::NoVersions(package, set) => {
                format!("there is no usable {}", self.name(package, set))
            }
            External::Custom(package, set, reason) => {
                format!("{} {reason}", self.name(package, set))
            }
            External::FromDependencyOf(from, at, to, set) => match self.edge(from, at, to, set) {
                Some(edge) if edge.origin.is_none() => {
                    let by = self.name(from, at);
                    let missing = if set.is_empty() { self.absence(&edge) } else { String::new() };
                    format!("{by} requires `{}`{missing}", edge.requirement)
                }
                Some(edge) => self.requirement(&edge),
                None => format!("{} comes with {}", self.name(from, at), self.name(to, set)),
            },
        }
    }

    fn format_terms(&self, terms: &Terms) -> String {
        let mut needed = Vec::new();
        let mut missing = Vec::new();
        let mut sorted: Vec<_> = terms.iter().collect();
        sorted.sort_by_key(|(package, _)| *package);
        for (package, term) in sorted {
            match term {
                Term::Positive(_) if *package == ResolverPackage::Root => {}
                Term::Positive(set) => needed.push(self.name(package, set)),
                Term::Negative(set) => missing.push(self.name(package, set)),
            }
        }
        match (&needed[..], &missing[..]) {
            ([], []) => "the requirements cannot be met".to_owned(),
            ([], missing) => format!("{} is needed", missing.join(" or ")),
            ([one], []) => format!("{one} cannot be used"),
            (needed, []) => format!("{} exclude each other", needed.join(" and ")),
            (needed, missing) => {
                format!("{} needs {}", needed.join(" with "), missing.join(" or "))
            }
        }
    }

    fn explain_both_external(&self, first: &Fact, second: &Fact, terms: &Terms) -> String {
        self.both(self.format_external(first), self.format_external(second), terms)
    }

    fn explain_both_ref(
        &self,
        first_line: usize,
        first: &Conclusion,
        second_line: usize,
        second: &Conclusion,
        terms: &Terms,
    ) -> String {
        let first = format!("{} ({first_line})", self.format_terms(&first.terms));
        let second = format!("{} ({second_line})", self.format_terms(&second.terms));
        self.both(first, second, terms)
    }

    fn explain_ref_and_external(
        &self,
        line: usize,
        conclusion: &Conclusion,
        fact: &Fact,
        terms: &Terms,
    ) -> String {
        let first = format!("{} ({line})", self.format_terms(&conclusion.terms));
        self.both(first, self.format_external(fact), terms)
    }

    fn and_explain_external(&self, fact: &Fact, terms: &Terms) -> String {
        format!("and because {}, {}", self.format_external(fact), self.format_terms(terms))
    }

    fn and_explain_ref(&self, line: usize, conclusion: &Conclusion, terms: &Terms) -> String {
        let known = self.format_terms(&conclusion.terms);
        format!("and because {known} ({line}), {}", self.format_terms(terms))
    }

    fn and_explain_prior_and_external(&self, prior: &Fact, fact: &Fact, terms: &Terms) -> String {
        format!("and {}", self.both(self.format_external(prior), self.format_external(fact), terms))
    }
}
