# The services were known already: ServicesResolved comes before anybody said Connected.
< seen
> connect [connecting]
< resolved
> subscribe [subscribing] 2a35
< connected
> ignore [subscribing]
< reply ok
> collect [collecting]
> read 2a49
