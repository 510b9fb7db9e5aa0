/* The command language. One command per line; words may be quoted; "#" starts a comment. */
#pragma once

#include "front.h"

/* Carries out one line and answers "done WORD" or "error ..." (nothing for an empty line). */
void script_line(struct front *f, char *line);
