//! Byte code for packages.

use std::path::Path;

use crate::{
    base::{report::Event, text::chain},
    collection::{FailureRecord, Stage},
    plan::PackagePlan,
    settings::ByteCodePolicy,
    wheels::bytecode::{ByteCode, Compiler},
};

use super::{Context, PipelineError};

/// The interpreter that compiles modules, where packages bring byte code.
pub(super) fn compiler<'r>(run: &'r Context) -> Result<Option<Compiler<'r>>, PipelineError> {
    let policy = run.settings().bytecode;
    if policy == ByteCodePolicy::None || !run.target().layout.byte_code {
        return Ok(None);
    }
    let path = run.path();
    let sandbox = match run.sandbox() {
        Ok(sandbox) => sandbox,
        Err(error) if policy == ByteCodePolicy::Compile => {
            return Err(PipelineError::UnconfinedCompiler { error });
        }
        Err(error) => {
            let line =
                format!("packages get no byte code: modules are compiled in a sandbox: {error}");
            run.reporter().event(Event::Warning(&line));
            return Ok(None);
        }
    };
    let found = Compiler::find(run.target(), path, sandbox, run.runner());
    if found.is_none() {
        let (major, minor) = run.target().python.version;
        if policy == ByteCodePolicy::Compile {
            return Err(PipelineError::NoCompiler { major, minor });
        }
        run.reporter().event(Event::Detail(&format!(
            "packages get no byte code: there is no python{major}.{minor} that compiles it here"
        )));
    }
    Ok(found)
}

/// Adds byte code to a plan.
pub(super) fn compile(
    run: &Context,
    compiler: Option<&Compiler<'_>>,
    plan: &mut PackagePlan,
    wheel: &Path,
) -> Result<Option<ByteCode>, FailureRecord> {
    let Some(compiler) = compiler else { return Ok(None) };
    match compiler.compile(plan, run.target(), wheel, &run.settings().cache) {
        Ok(compiled) => Ok(Some(compiled)),
        Err(error)
            if error.is_of_compiling() && run.settings().bytecode != ByteCodePolicy::Compile =>
        {
            let line = format!("`{}` gets no byte code: {}", plan.package, chain(&error));
            run.reporter().event(Event::Warning(&line));
            Ok(None)
        }
        Err(error) => Err(FailureRecord::new(&plan.project, &plan.release, Stage::Compile, &error)),
    }
}
