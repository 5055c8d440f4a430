//! Folders as indexes.

use super::*;

#[test]
fn folders_of_files_are_indexes() {
    let bench = Bench::new();
    let root = bench.folder.path().join("wheels");
    fs::create_dir_all(root.join("foo")).unwrap();
    fs::write(root.join(WHEEL), wheel(METADATA, 9)).unwrap();
    fs::write(root.join("foo-1.0.tar.gz"), sdist(METADATA)).unwrap();
    fs::write(root.join("foo/foo-2.0.tar.gz"), b"broken").unwrap();
    fs::write(root.join("notes.txt"), b"").unwrap();
    let path = root.display().to_string();
    for address in [path.clone(), format!("file://{path}"), format!("file://{path}/")] {
        let index = open(&address, &bench.settings).unwrap();
        let found = files(&*index);
        let names: Vec<&str> = found.iter().map(|file| file.filename.as_str()).collect();
        assert_eq!(names, [WHEEL, "foo-1.0.tar.gz", "foo-2.0.tar.gz"]);
        assert_eq!(index.metadata(&found[0]).unwrap().requires_dist.len(), 1);
        let error = index.metadata(&found[1]).unwrap_err();
        assert_eq!(error, IndexError::MetadataNotStatic { file: "foo-1.0.tar.gz".to_owned() });
        assert!(matches!(index.metadata(&found[2]), Err(IndexError::Metadata { .. })));
        assert_eq!(fetch(&*index, &found[0]).unwrap(), root.join(WHEEL));
        assert!(index.project(&project_name("bar").unwrap()).unwrap().is_none());
        let swapped = ReleaseFile { hashes: found[1].hashes.clone(), ..found[0].clone() };
        assert!(matches!(fetch(&*index, &swapped), Err(IndexError::Hash { .. })));
    }
    let error = open("/nonexistent/folder", &bench.settings).err().unwrap().to_string();
    assert!(error.starts_with("cannot open the index folder `/nonexistent/folder`"), "{error}");
}

#[test]
fn trees_of_pages_are_indexes() {
    let bench = Bench::new();
    let root = bench.folder.path().join("simple");
    fs::create_dir_all(root.join("foo")).unwrap();
    fs::create_dir_all(root.join("files")).unwrap();
    let bytes = wheel(METADATA, 9);
    fs::write(root.join("files").join(WHEEL), &bytes).unwrap();
    let page = format!(
        "<a href='../files/{WHEEL}#sha256={}' data-requires-python='&gt;=3.9'>x</a>\
         <a href='https://files.example/foo-9.0.tar.gz'>x</a>",
        sha256(&bytes)
    );
    fs::write(root.join("foo/index.html"), page).unwrap();
    let index = open(&format!("file://{}", root.display()), &bench.settings).unwrap();
    let found = files(&*index);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].requires_python.as_ref().unwrap().to_string(), ">=3.9");
    assert_eq!(index.metadata(&found[0]).unwrap().requires_dist.len(), 1);
    assert!(fetch(&*index, &found[0]).is_ok());
    fs::write(root.join("files").join(WHEEL), b"swapped").unwrap();
    assert!(matches!(fetch(&*index, &found[0]), Err(IndexError::Hash { .. })));
}
