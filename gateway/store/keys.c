#include "store/keys.h"

#include <errno.h>
#include <string.h>

#include "base/hex.h"
#include "store/file.h"

#define DIGITS (2 * STORE_KEY_SIZE)

int store_key_parse(const char *text, uint8_t ret[STORE_KEY_SIZE]) {
        uint8_t key[STORE_KEY_SIZE] = {0};

        for (size_t i = 0; i < DIGITS; i++) {
                int value = hex_digit(text[i]);

                if (value < 0)
                        return -EBADMSG;
                key[i / 2] = (uint8_t) (key[i / 2] << 4 | value);
        }
        text += DIGITS;
        if (text[strspn(text, " \t\r\n")])
                return -EBADMSG;
        memcpy(ret, key, sizeof key);
        return 0;
}

int store_key_load(const char *directory, const struct bdaddr *cuff, uint8_t ret[STORE_KEY_SIZE]) {
        char id[BDADDR_ID_SIZE], text[2 * DIGITS] = "";
        int n;

        bdaddr_to_id(cuff, id);
        n = file_load(directory, FILE_KEYS, id, text, sizeof text - 1);
        if (n < 0)
                return n;
        /* Full means that there may be more; a NUL would hide what follows it. */
        if ((size_t) n == sizeof text - 1 || strlen(text) != (size_t) n)
                return -EBADMSG;
        return store_key_parse(text, ret);
}

int store_key_save(const char *directory, const struct bdaddr *cuff,
                   const uint8_t key[STORE_KEY_SIZE]) {
        char id[BDADDR_ID_SIZE], text[DIGITS + 2];

        bdaddr_to_id(cuff, id);
        hex_print(key, STORE_KEY_SIZE, text);
        text[DIGITS] = '\n';
        return file_save(directory, FILE_KEYS, id, text, DIGITS + 1);
}

int store_key_remove(const char *directory, const struct bdaddr *cuff) {
        char id[BDADDR_ID_SIZE];

        bdaddr_to_id(cuff, id);
        return file_remove(directory, FILE_KEYS, id);
}
