//! Whether all that templates name is in the context. Rendering would refuse a missing `{{x}}`, and
//! take a misspelt `{{#if x}}` for false.

use std::collections::{HashMap, HashSet};

use handlebars::template::{
    BlockParam, DecoratorTemplate, HelperTemplate, Parameter, Template, TemplateElement,
};

use super::{
    Problem,
    check::located,
    context::{FieldPath, Paths},
};
use crate::base::text::{nearest, suggested};

/// What templates may call; the last is ours.
const HELPERS: [&str; 18] = [
    "if", "unless", "each", "with", "lookup", "raw", "log", "eq", "ne", "gt", "gte", "lt", "lte",
    "and", "or", "not", "len", "shell",
];

/// In how many places templates may be included: those of a hostile pack could be too many to walk.
const INCLUDE_LIMIT: usize = 10_000;

/// What names stand for where a block or partial begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Scope {
    this: FieldPath,
    /// Names of the block's own.
    own: Vec<(String, FieldPath)>,
}

impl Scope {
    fn of(this: FieldPath) -> Self {
        Self { this, own: Vec::new() }
    }
}

/// Checks the templates that outputs render, and what they include. No template may include itself.
pub(super) fn check(
    templates: &HashMap<String, Template>,
    outputs: &[(&str, &Template)],
    paths: &Paths<'_>,
) -> Vec<Problem> {
    let mut check = Check { templates, paths, problems: Vec::new(), seen: HashSet::new() };
    for (name, template) in outputs {
        let root = Scope::of(FieldPath::Path(String::new()));
        check.elements(name, template, 1, &mut vec![root]);
    }
    check.problems
}

struct Check<'a> {
    templates: &'a HashMap<String, Template>,
    paths: &'a Paths<'a>,
    problems: Vec<Problem>,
    /// The templates that were walked, and where.
    seen: HashSet<(String, Vec<Scope>)>,
}

impl Check<'_> {
    fn elements(&mut self, name: &str, template: &Template, line: usize, scopes: &mut Vec<Scope>) {
        for (element, line) in located(template, line) {
            let result = match element {
                TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => {
                    self.called(call, scopes).map(drop)
                }
                TemplateElement::HelperBlock(block) => self.block(name, block, line, scopes),
                TemplateElement::PartialExpression(partial)
                | TemplateElement::PartialBlock(partial) => {
                    self.partial(name, partial, line, scopes)
                }
                _ => Ok(()),
            };
            if let Err(reason) = result {
                let problem = Problem { template: name.to_owned(), line, reason };
                if !self.problems.contains(&problem) {
                    self.problems.push(problem);
                }
            }
        }
    }

    /// What an expression stands for: a name alone, or a helper's answer.
    fn called(&self, call: &HelperTemplate, scopes: &[Scope]) -> Result<FieldPath, String> {
        let name = call.name.as_name().unwrap_or_default();
        if !call.block && call.params.is_empty() && call.hash.is_empty() {
            return self.place(name, scopes);
        }
        if !HELPERS.contains(&name) {
            let meant = suggested(nearest(name, HELPERS));
            return Err(format!("there is no helper `{name}`{meant}"));
        }
        for parameter in call.params.iter().chain(call.hash.values()) {
            self.parameter(parameter, scopes)?;
        }
        Ok(FieldPath::Anything)
    }

    fn parameter(&self, parameter: &Parameter, scopes: &[Scope]) -> Result<FieldPath, String> {
        match parameter {
            Parameter::Literal(_) => Ok(FieldPath::Anything),
            Parameter::Subexpression(inner) => match inner.as_element() {
                TemplateElement::Expression(call) => self.called(call, scopes),
                _ => Ok(FieldPath::Anything),
            },
            named => self.place(named.as_name().unwrap_or_default(), scopes),
        }
    }

    fn block(
        &mut self,
        name: &str,
        block: &HelperTemplate,
        line: usize,
        scopes: &mut Vec<Scope>,
    ) -> Result<(), String> {
        let called = self.called(block, scopes).and_then(|_| {
            let subject = block.params.first().map(|first| self.parameter(first, scopes));
            let subject = subject.transpose()?.unwrap_or(FieldPath::Anything);
            match block.name.as_name() {
                Some("each") => {
                    Ok(Some(self.paths.element(&subject)?.unwrap_or(FieldPath::Anything)))
                }
                Some("with") => Ok(Some(subject)),
                _ => Ok(None),
            }
        });
        // What is in a block whose subject is not known is looked at all the same.
        let this = called.as_ref().map_or(Some(FieldPath::Anything), Clone::clone);
        let opens = this.is_some();
        if let Some(this) = this {
            let own = match &block.block_param {
                Some(BlockParam::Single(item)) => vec![(item, this.clone())],
                Some(BlockParam::Pair((item, key))) => {
                    vec![(item, this.clone()), (key, FieldPath::Anything)]
                }
                _ => Vec::new(),
            };
            let named =
                |(name, place): (&Parameter, FieldPath)| Some((name.as_name()?.to_owned(), place));
            scopes.push(Scope { this, own: own.into_iter().filter_map(named).collect() });
        }
        if let Some(inside) = &block.template {
            self.elements(name, inside, line, scopes);
        }
        if opens {
            scopes.pop();
        }
        if let Some(otherwise) = &block.inverse {
            self.elements(name, otherwise, line, scopes);
        }
        called.map(drop)
    }

    fn partial(
        &mut self,
        name: &str,
        partial: &DecoratorTemplate,
        line: usize,
        scopes: &mut Vec<Scope>,
    ) -> Result<(), String> {
        let this = match partial.params.first() {
            Some(subject) => self.parameter(subject, scopes)?,
            None => scopes.last().map_or(FieldPath::Anything, |scope| scope.this.clone()),
        };
        let mut own = Vec::new();
        for (key, value) in &partial.hash {
            own.push((key.clone(), self.parameter(value, scopes)?));
        }
        own.sort_by(|(a, _), (b, _)| a.cmp(b));
        scopes.push(Scope { this, own });
        if let Some(inside) = &partial.template {
            self.elements(name, inside, line, scopes);
        }
        let included = partial.name.as_name().unwrap_or_default();
        if let Some(template) = self.templates.get(included)
            && self.seen.len() < INCLUDE_LIMIT
            && self.seen.insert((included.to_owned(), scopes.clone()))
        {
            self.elements(included, template, 1, scopes);
        }
        scopes.pop();
        if self.seen.len() < INCLUDE_LIMIT {
            Ok(())
        } else {
            Err("includes templates in too many places".to_owned())
        }
    }

    /// What a path such as `../source.url` stands for.
    fn place(&self, written: &str, scopes: &[Scope]) -> Result<FieldPath, String> {
        if written.starts_with('@') && !written.starts_with("@root") {
            // `@index`, `@key`, `@first` and `@last` of the blocks around.
            return Ok(FieldPath::Anything);
        }
        let (mut rest, mut level) = (written, scopes.len());
        if let Some(inside) = rest.strip_prefix("@root") {
            (rest, level) = (inside.trim_start_matches(['.', '/']), 1);
        }
        while let Some(outer) = rest.strip_prefix("../").or(rest.strip_prefix("...")) {
            (rest, level) = (outer, level.saturating_sub(1));
        }
        let Some(scope) = level.checked_sub(1).and_then(|at| scopes.get(at)) else {
            return Err(format!("`{written}` goes up too far"));
        };
        let mut place = scope.this.clone();
        let is_name = |name: &&str| !["", ".", "this"].contains(name);
        for (at, name) in rest.split(['.', '/']).filter(is_name).enumerate() {
            let name = name.trim_matches(['[', ']']);
            let own = scope.own.iter().find(|(own, _)| at == 0 && own == name);
            place = match own {
                Some((_, place)) => place.clone(),
                None => self.paths.below(&place, name)?,
            };
        }
        Ok(place)
    }
}
