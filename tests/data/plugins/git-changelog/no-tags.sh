. "$DATA/repository.sh"
commit repository 'Begin'
commit repository 'Go on'
