//! What a template must not do: write raw text, or include itself.

use std::collections::{BTreeMap, HashMap};

use handlebars::template::{Template, TemplateElement};

/// Checks all templates of a pack; an error names the template and says what is wrong.
pub(super) fn check(templates: &HashMap<String, Template>) -> Result<(), (String, String)> {
    let mut includes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, template) in templates {
        let partials = includes.entry(name).or_default();
        walk(template, partials).map_err(|reason| (name.clone(), reason))?;
    }
    for name in includes.keys() {
        if reaches(name, name, &includes, includes.len()) {
            let reason = "includes itself, directly or through others".to_owned();
            return Err(((*name).to_owned(), reason));
        }
    }
    Ok(())
}

/// Collects the partials that a template includes.
fn walk(template: &Template, partials: &mut Vec<String>) -> Result<(), String> {
    for element in &template.elements {
        match element {
            TemplateElement::HtmlExpression(_) => {
                return Err("writes raw text with `{{{…}}}` or `{{&…}}`; use `{{…}}`".to_owned());
            }
            TemplateElement::HelperBlock(block) => {
                for part in [&block.template, &block.inverse].into_iter().flatten() {
                    walk(part, partials)?;
                }
            }
            TemplateElement::PartialExpression(partial)
            | TemplateElement::PartialBlock(partial) => {
                match partial.name.as_name() {
                    Some(name) => partials.push(name.to_owned()),
                    None => return Err("includes a template whose name is computed".to_owned()),
                }
                if let Some(part) = &partial.template {
                    walk(part, partials)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether `wanted` is included from `from` within `depth` steps.
fn reaches(from: &str, wanted: &str, includes: &BTreeMap<&str, Vec<String>>, depth: usize) -> bool {
    depth > 0
        && includes
            .get(from)
            .into_iter()
            .flatten()
            .any(|next| next == wanted || reaches(next, wanted, includes, depth - 1))
}
