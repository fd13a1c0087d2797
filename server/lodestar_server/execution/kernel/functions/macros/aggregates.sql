-- What aggregates do with the lists that they gathered.

