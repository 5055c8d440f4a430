. "$DATA/repository.sh"
