# Moved, loose cuff, irregular pulse, bad position: what the cuff noticed travels with the measurement.
< connected
> none [resolving]
< value 2a35 108300540063002700
> measurement user=1 131/84 mean=99 irregular=yes movement=yes fit_ok=no position_ok=no
