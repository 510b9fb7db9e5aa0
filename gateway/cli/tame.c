#include "cli/tame.h"

#include <string.h>

#include "mqtt/json.h"

char *tame(char *text) {
        bool utf8 = text && json_is_utf8(text, strlen(text));

        for (unsigned char *c = (unsigned char *) text; c && *c; c++)
                if (*c < ' ' || *c == 0x7F || (*c >= 0x80 && !utf8))
                        *c = *c == '\n' || *c == '\t' ? ' ' : '?';
                else if (c[0] == 0xC2 && c[1] < 0xA0) /* U+0080 .. U+009F */
                        c[0] = c[1] = '?';
        return text;
}

void tame_json(struct cJSON *message) {
        for (; message; message = message->next) {
                tame(message->string);
                if (cJSON_IsString(message))
                        tame(message->valuestring);
                tame_json(message->child);
        }
}
