# Two people share the cuff, and a guest measures too; a cuff that names nobody has one user.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< value 2a35 0c830054006300430001
> measurement user=1 131/84 pulse=67 mean=99
< value 2a35 0c780050000000480002
> measurement user=2 120/80 pulse=72
< value 2a35 0c7800500000004800ff
> measurement user=unknown 120/80 pulse=72
< value 2a35 0078005000ff07
> measurement user=1 120/80
