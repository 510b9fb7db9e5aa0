# The link broke before it was up: a failure, but no sign of a lost bond.
< seen
> connect [connecting]
< lost
> rest [resting] 5.0s failures=1
