use super::is_of_script;

#[test]
fn scripts_are_the_recipes_with_known_parts() {
    let parts = "if command -v py3compile >/dev/null 2>&1; then\n\tpy3compile -p one #ARGS#\nfi\n";
    let own = "#!/bin/sh\nset -e\necho mine\n";
    for good in ["echo mine", "py3compile -p one -V 3.11-", "py3compile -p one", "fi", "set -e"] {
        assert!(is_of_script(good, own, parts), "{good}");
    }
    for bad in [
        "#!/usr/bin/touch",
        "touch canary",
        "py3compile -p one; id",
        "py3compile -p one $(id)",
        "echo mine; id",
    ] {
        assert!(!is_of_script(bad, own, parts), "{bad}");
    }
}
