. "$DATA/repository.sh"
commit repository 'Begin'
commit repository 'Go on'
git -C repository tag v2.10
