. "$DATA/collection.sh"
mkdir -p published/site
echo mine >published/victim
printf '{"files": {"../victim": ["%s"], "/etc/hostname": ["x"], "..": [], "": []}}' "$(sha256sum published/victim | cut -c-64)" >published/site/.publish-folder.json
