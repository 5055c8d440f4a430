//! Suggestions for misspelt names.

/// The candidate that a misspelt name most likely stands for.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best = None;
    for candidate in candidates {
        let likeness = strsim::jaro_winkler(name, candidate);
        if likeness >= 0.8 && best.is_none_or(|(most, _)| likeness > most) {
            best = Some((likeness, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// A suggestion as it is in a message, with the blank before it; empty without one.
pub fn suggested(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}

/// serde's message with its list of all keys shortened to the one that was probably meant.
pub fn unknown_key(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let key = match quoted.next() {
        Some(key) if message.starts_with("unknown field") => key,
        _ => return message.to_owned(),
    };
    match nearest(key, quoted.clone()) {
        known @ Some(_) => format!("unknown key `{key}`{}", suggested(known)),
        None => {
            let known: Vec<&str> = quoted.collect();
            format!("unknown key `{key}`; the keys are {}", known.join(", "))
        }
    }
}
