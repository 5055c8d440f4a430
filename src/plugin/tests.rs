use std::path::Path;

use schemars::{JsonSchema, Schema, generate::SchemaSettings};

use super::protocol::{
    ChangedPlans, ChangedRecipes, HookRequest, InCollection, NamesAnswer, NewFiles, PackagesAnswer,
    Plans, Projects, Recipes, Said,
};
use crate::{
    format::plugin::protocol::{
        AllBuilt, AllLowered, AllRead, AllUnmet, IndexAnswer, OrderAnswer, Step, VersionsAnswer,
    },
    support::expected::compare,
};

fn request<T: JsonSchema>() -> Schema {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<HookRequest<'static, T>>()
}

fn answer<T: JsonSchema>() -> Schema {
    let generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    generator.into_root_schema_for::<T>()
}

/// The schemas that authors of plugins read say what this program writes and takes.
#[test]
fn schemas_are_those_of_the_types() {
    let schemas = [
        ("resolve-name.request", request::<Projects<'static>>()),
        ("resolve-name.answer", answer::<NamesAnswer>()),
        ("plan.request", request::<Plans<'static>>()),
        ("plan.answer", answer::<ChangedPlans>()),
        ("recipe.request", request::<Recipes<'static>>()),
        ("recipe.answer", answer::<ChangedRecipes>()),
        ("package.request", request::<PackagesAnswer<'static>>()),
        ("package.answer", answer::<Said>()),
        ("collection.request", request::<InCollection>()),
        ("collection.answer", answer::<NewFiles>()),
        ("publish.request", request::<InCollection>()),
        ("publish.answer", answer::<Said>()),
        ("format.request", request::<Step<'static>>()),
        ("format.versions.answer", answer::<VersionsAnswer>()),
        ("format.lower.answer", answer::<AllLowered>()),
        ("format.build.answer", answer::<AllBuilt>()),
        ("format.read.answer", answer::<AllRead>()),
        ("format.order.answer", answer::<OrderAnswer>()),
        ("format.index.answer", answer::<IndexAnswer>()),
        ("format.unmet.answer", answer::<AllUnmet>()),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/schemas");
    let mut wrong = Vec::new();
    for (name, schema) in schemas {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        wrong.extend(compare(&folder.join(format!("{name}.json")), &text).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
