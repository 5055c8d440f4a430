//! What a template must not do: write raw text, define others, include itself or what is not there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use handlebars::template::{DecoratorTemplate, Template, TemplateElement};

use super::Problem;
use crate::base::text::{nearest, suggested};

/// The partial that stands for the block that a partial was included with.
const BLOCK: &str = "@partial-block";

/// How deep blocks may be in each other, and brackets in a tag: parsing and rendering need stack
/// for each.
const DEPTH_LIMIT: usize = 50;

/// The line on which a text goes too deep to be parsed. Every `{{else …}}` is a block in the one
/// before. What stands between tags counts, too: a tag's end cannot be told without parsing it.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let (mut blocks, mut line) = (0_usize, 1);
    for (at, tag) in text.split("{{").enumerate() {
        let start = tag.trim_start_matches(['{', '~']).trim_start().trim_start_matches('~');
        match start.trim_start().as_bytes() {
            // Nothing is before the first tag, and a lone `^` is an `else`.
            _ if at == 0 => {}
            [b'^', b'}' | b'~', ..] => {}
            [b'#', ..] => blocks += 1,
            [b'/', ..] => blocks = blocks.saturating_sub(1),
            [b'^', ..] | [b'e', b'l', b's', b'e', b' ' | b'\t' | b'\n' | b'\r', ..] => blocks += 1,
            _ => {}
        }
        let mut brackets = 0_usize;
        for byte in tag.bytes() {
            match byte {
                b'(' | b'[' | b'{' => brackets += 1,
                b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
                b'\n' => line += 1,
                _ => {}
            }
            if blocks > DEPTH_LIMIT || brackets > DEPTH_LIMIT {
                return Some(line);
            }
        }
    }
    None
}

/// Checks all templates of a pack; what is wrong is in the order of their names.
pub(super) fn check(templates: &HashMap<String, Template>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut includes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let names: BTreeSet<&str> = templates.keys().map(String::as_str).collect();
    for name in &names {
        let mut walk = TemplateWalk { template: name, names: &names, problems: &mut problems };
        let mut partials = Vec::new();
        walk.elements(&templates[*name], 1, &mut partials);
        includes.insert(name, partials);
    }
    for name in &names {
        if reaches(name, name, &includes, &mut BTreeSet::new()) {
            let reason = "includes itself, directly or through others".to_owned();
            problems.push(Problem { template: (*name).to_owned(), line: 1, reason });
        }
    }
    problems
}

/// A template's elements and their lines. The parser notes no place for what follows `{{else if`,
/// which is on `line` at the least.
pub(super) fn located(
    template: &Template,
    line: usize,
) -> impl Iterator<Item = (&TemplateElement, usize)> {
    let places = template.mapping.iter().map(|place| Some(place.0)).chain(std::iter::repeat(None));
    let elements = template.elements.iter().zip(places);
    elements.map(move |(element, place)| (element, place.unwrap_or(line)))
}

struct TemplateWalk<'a> {
    template: &'a str,
    names: &'a BTreeSet<&'a str>,
    problems: &'a mut Vec<Problem>,
}

impl TemplateWalk<'_> {
    /// Collects the partials that a template includes.
    fn elements<'t>(&mut self, template: &'t Template, line: usize, partials: &mut Vec<&'t str>) {
        for (element, line) in located(template, line) {
            match element {
                TemplateElement::HtmlExpression(_) => {
                    self.complain(line, "writes raw text with `{{{…}}}` or `{{&…}}`; use `{{…}}`");
                }
                TemplateElement::DecoratorExpression(_) | TemplateElement::DecoratorBlock(_) => {
                    self.complain(line, "defines something with `{{*…}}`; use a template");
                }
                TemplateElement::HelperBlock(block) => {
                    for part in [&block.template, &block.inverse].into_iter().flatten() {
                        self.elements(part, line, partials);
                    }
                }
                TemplateElement::PartialExpression(partial)
                | TemplateElement::PartialBlock(partial) => {
                    match self.included(partial) {
                        Ok(name) => partials.extend(name),
                        Err(reason) => self.complain(line, &reason),
                    }
                    if let Some(part) = &partial.template {
                        self.elements(part, line, partials);
                    }
                }
                _ => {}
            }
        }
    }

    fn complain(&mut self, line: usize, reason: &str) {
        let (template, reason) = (self.template.to_owned(), reason.to_owned());
        self.problems.push(Problem { template, line, reason });
    }

    /// The template that is included; nothing for an including template's block.
    fn included<'t>(&self, partial: &'t DecoratorTemplate) -> Result<Option<&'t str>, String> {
        match partial.name.as_name() {
            Some(BLOCK) => Ok(None),
            Some(name) if self.names.contains(name) => Ok(Some(name)),
            Some(name) => {
                let meant = suggested(nearest(name, self.names.iter().copied()));
                Err(format!("includes `{name}`, which is not a template{meant}"))
            }
            None => Err("includes a template whose name is computed".to_owned()),
        }
    }
}

/// Whether `wanted` is included from `from`, which was not `seen` before.
fn reaches<'a>(
    from: &'a str,
    wanted: &str,
    includes: &BTreeMap<&'a str, Vec<&'a str>>,
    seen: &mut BTreeSet<&'a str>,
) -> bool {
    includes
        .get(from)
        .into_iter()
        .flatten()
        .any(|next| *next == wanted || (seen.insert(next) && reaches(next, wanted, includes, seen)))
}
