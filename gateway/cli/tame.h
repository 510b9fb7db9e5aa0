/* Text that others wrote (a cuff's name, an error of a file, what came over the broker) before it
 * is shown: no byte of it may drive a terminal or begin a line. */
#pragma once

struct cJSON;

/* Control characters and bytes that are not UTF-8 become "?", a tab and a line's end a blank. In
 * place; returns `text`; NULL is taken. */
char *tame(char *text);
/* .. in all texts and keys of a message; NULL is taken. */
void tame_json(struct cJSON *message);
