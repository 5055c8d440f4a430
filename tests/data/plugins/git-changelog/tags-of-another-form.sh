. "$DATA/repository.sh"
commit repository 'Begin'
git -C repository tag other-9
git -C repository tag logged/2.9
commit repository 'Second'
git -C repository tag other-10
commit repository 'Third'
git -C repository tag logged/2.10
