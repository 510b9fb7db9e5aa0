# Names with padding, control characters and broken UTF-8 come out as clean text; what is well-formed
# survives, of two, three or four bytes.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< reply 0000
> read 2a19
< reply 64
> read 2a24
< reply 42503733353020200000ff
> read 2a25
< reply 0741090a42ff43c280c3
> read 2a26
< reply c3a4e282acf09f9293
> read 2a27
< reply c0afeda080f4908080
> read 2a29
< reply 202020
> read 2a2b
< reply error ENOENT
> wait
< facts
> facts model="BP7350" serial="ABC" firmware="ä€💓" battery=100 feature=
