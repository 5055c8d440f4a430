//! `pypi2pkg plugin`.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::{
    failure::{Failure, USAGE},
    table::table,
};
use crate::{
    base::{
        files::{FileError, Temporary, write_texts},
        process::HostRunner,
        report::{Terminal, print_result},
        text::{is_plain_name, serialised},
    },
    distro::targets::{Target, Targets},
    format::{self, plugin::PluginFormat},
    plugin::{self, Finder, Hook, Plugin, PluginError, Provided},
    recipe::template::{Packs, Templates},
    run::available,
    settings::{self, Configuration, ProcessEnvironment, RunOptions, Settings},
};

/// List, show, check, write and run plugins
#[derive(Debug, Args)]
pub(super) struct PluginArguments {
    #[command(subcommand)]
    verb: PluginVerb,
}

#[derive(Debug, Subcommand)]
enum PluginVerb {
    /// List the plugins that are installed
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a plugin's manifest and settings
    Info {
        /// A name, or the path of a folder
        plugin: String,
    },
    /// Check a plugin's manifest and program
    ///
    /// Every hook that only looks or answers is asked about no package at all.
    Check {
        /// A name, or the path of a folder
        plugin: String,
    },
    /// Create a working plugin with a test
    New {
        /// The plugin's name, also the name of its folder
        name: String,
        #[arg(long, value_enum, default_value = "python")]
        language: SkeletonLanguage,
        /// The parent folder
        #[arg(short, long, value_name = "FOLDER", default_value = ".")]
        output: PathBuf,
    },
    /// Send a request from standard input to a plugin, and print its answer
    #[command(after_help = "Example:
  pypi2pkg plugin run plan ./strip-tests/ < request.json")]
    Run {
        #[arg(value_parser = hook)]
        hook: Hook,
        /// A name, or the path of a folder
        plugin: String,
        /// The target in the request
        #[arg(short, long, value_name = "NAME", default_value = "debian-12")]
        target: String,
    },
}

/// The language of a skeleton.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum SkeletonLanguage {
    Python,
    Shell,
}

impl PluginArguments {
    /// Returns status 1 if a plugin fails its check.
    pub(super) fn run(self, verbosity: i8) -> Result<u8, Failure> {
        let settings = settings()?;
        let finder = &settings.plugins.finder;
        match self.verb {
            PluginVerb::List { json } => list(finder, json),
            PluginVerb::Info { plugin } => info(&finder.find_unset(&plugin)?),
            PluginVerb::Check { plugin } => {
                check(&finder.find_unset(&plugin)?, &settings, verbosity)
            }
            PluginVerb::New { name, language, output } => new(&name, language, &output),
            PluginVerb::Run { hook, plugin, target } => {
                let mut request = String::new();
                let read = std::io::stdin().read_to_string(&mut request);
                read.map_err(FileError::write(Path::new("standard input")))?;
                let plugin = finder.find_unset(&plugin)?;
                let (_, answer) = ask(&plugin, hook, request, &target, &settings, verbosity)?;
                print_result(String::from_utf8_lossy(&answer).trim_end());
                Ok(0)
            }
        }
    }
}

fn settings() -> Result<Settings, Failure> {
    let configuration = Configuration::read(None)?;
    Ok(settings::resolve(RunOptions::default(), configuration, ProcessEnvironment::of_process())?)
}

fn ask(
    plugin: &Plugin,
    hook: Hook,
    request: String,
    target: &str,
    settings: &Settings,
    verbosity: i8,
) -> Result<(Temporary, Vec<u8>), Failure> {
    let target = available::targets(settings.targets.as_deref(), &settings.plugins.provided()?)?
        .load(target, None, None)?;
    let path = settings.environment.path();
    let terminal = Terminal::new(verbosity);
    Ok(plugin.run(hook, request, &context(&target, settings, &terminal, &path))?)
}

/// Returns the context in which a plugin is started.
fn context<'a>(
    target: &'a Target,
    settings: &Settings,
    terminal: &'a Terminal,
    path: &'a [PathBuf],
) -> plugin::CallContext<'a> {
    let time = settings.policy.time;
    plugin::CallContext { target, runner: &HostRunner, reporter: terminal, time, path }
}

fn list(finder: &Finder, json: bool) -> Result<u8, Failure> {
    let (mut rows, mut found) = (Vec::new(), Vec::new());
    for (name, is_bundled) in finder.names() {
        let from = if is_bundled { "bundled" } else { "installed" };
        // A broken plugin is listed with its error, and the others are, too.
        let (version, hooks, text) = match finder.find_unset(&name) {
            Ok(Plugin { manifest, folder, .. }) => {
                let hooks: Vec<String> = manifest.hooks.iter().map(ToString::to_string).collect();
                found.push(json!({"folder": folder, "from": from, "manifest": manifest}));
                (manifest.version.to_string(), hooks.join(", "), manifest.description.to_string())
            }
            Err(error) => (String::new(), String::new(), error.to_string()),
        };
        rows.push([name, version, from.to_owned(), hooks, text]);
    }
    if json {
        print_result(&serialised::pretty_json(&found))
    } else {
        let heading = ["PLUGIN", "VERSION", "FROM", "HOOKS", "DESCRIPTION"];
        print_result(&table(heading, &rows));
    }
    Ok(0)
}

fn info(plugin: &Plugin) -> Result<u8, Failure> {
    let manifest = serialised::toml(&plugin.manifest);
    print_result(&format!("# {}\n{}", plugin.folder.display(), manifest.trim_end()));
    if let Some(schema) = plugin.schema()? {
        let schema = serialised::pretty_json(&schema);
        print_result(&format!("\n# Its settings:\n{schema}"));
    }
    Ok(0)
}

/// The hooks that can be called without packages and have no effects.
const HARMLESS: [Hook; 4] = [Hook::ResolveName, Hook::Plan, Hook::Recipe, Hook::Package];

fn check(plugin: &Plugin, settings: &Settings, verbosity: i8) -> Result<u8, Failure> {
    plugin.schema()?;
    for hook in HARMLESS.into_iter().filter(|hook| plugin.manifest.hooks.contains(hook)) {
        let nothing = json!({
            "api": plugin::API.to_string(),
            "hook": hook,
            "settings": {},
            "target": {"name": "debian-12", "format": "deb", "family": "debian", "python": "3.11"},
            "projects": [],
            "packages": [],
        });
        let (_, answer) = ask(plugin, hook, nothing.to_string(), "debian-12", settings, verbosity)?;
        let read: Result<Value, _> = serde_json::from_slice(&answer);
        read.map_err(|error| PluginError::Answer {
            plugin: plugin.manifest.name.clone(),
            hook: hook.to_string(),
            problem: error.to_string(),
        })?;
    }
    if plugin.manifest.format.is_some() {
        check_format(plugin, settings, verbosity)?;
    }
    print_result(&format!("{}: nothing wrong was found", plugin.title()));
    Ok(0)
}

/// Checks a format: its targets, its templates, and the answers of the plugin for them.
fn check_format(plugin: &Plugin, settings: &Settings, verbosity: i8) -> Result<(), Failure> {
    let name = &plugin.manifest.name;
    let provided = Provided::of_folder(name, &plugin.folder)?;
    let targets = available::with_plugin_targets(Targets::embedded(), &provided)?;
    let templates =
        Templates::default().over(available::with_plugin_pack(Packs::default(), &provided)?);
    let pack = templates.pack(name, str::to_owned)?;
    for target in provided.targets.keys().filter(|own| targets.names().contains(&own.as_str())) {
        let target = targets.load(target, None, None)?;
        let path = settings.environment.path();
        let terminal = Terminal::new(verbosity);
        let context = context(&target, settings, &terminal, &path);
        let format = PluginFormat::of(plugin, context).filter(|_| target.format == *name);
        if let Some(format) = format {
            pack.render(&format::sample(&format, name, &target)?)?;
        }
    }
    Ok(())
}

/// The files of a skeleton: name, text, and whether the file is executable.
const PYTHON: [(&str, &str, bool); 4] = [
    ("plugin.toml", include_str!("../../templates/plugin/python/plugin.toml"), false),
    ("NAME", include_str!("../../templates/plugin/python/NAME"), true),
    ("settings.schema.json", include_str!("../../templates/plugin/settings.schema.json"), false),
    ("test", include_str!("../../templates/plugin/python/test"), true),
];
const SHELL: [(&str, &str, bool); 3] = [
    ("plugin.toml", include_str!("../../templates/plugin/shell/plugin.toml"), false),
    ("NAME", include_str!("../../templates/plugin/shell/NAME"), true),
    ("test", include_str!("../../templates/plugin/shell/test"), true),
];

fn new(name: &str, language: SkeletonLanguage, output: &Path) -> Result<u8, Failure> {
    let folder = output.join(name);
    let problem = match (is_plain_name(name), folder.exists()) {
        (false, _) => Some((
            format!("`{name}` is not a valid plugin name"),
            "choose a name of lower case letters, digits and hyphens",
        )),
        (true, true) => Some((
            format!("`{}` is there already", folder.display()),
            "choose another name, or another folder with `--output`",
        )),
        (true, false) => None,
    };
    if let Some((message, hint)) = problem {
        return Err(Failure { status: USAGE, message, hint: Some(hint.to_owned()) });
    }
    let files: &[(&str, &str, bool)] = match language {
        SkeletonLanguage::Python => &PYTHON,
        SkeletonLanguage::Shell => &SHELL,
    };
    let named = |text: &str| text.replace("NAME", name);
    let files =
        files.iter().map(|(file, text, is_program)| (named(file), named(text), *is_program));
    write_texts(&folder, files)?;
    print_result(&folder.display().to_string());
    Ok(0)
}

fn hook(text: &str) -> Result<Hook, String> {
    let named = Hook::ALL.into_iter().find(|hook| hook.to_string() == text);
    named.ok_or_else(|| {
        format!("the hooks are {}", Hook::ALL.map(|hook| hook.to_string()).join(", "))
    })
}
