# The link was up and broke before the services were known: counted apart.
< seen
> connect [connecting]
< connected
> none [resolving]
< lost
> rest [resting] 5.0s failures=1 unresolved=1
