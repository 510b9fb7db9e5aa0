#include "bluez/objects.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int objects_read_changed(sd_bus_message *m, const struct props_class *class, union props *ret) {
        const char *interface;
        union props p;
        int r;

        if (!sd_bus_message_has_signature(m, "sa{sv}as"))
                return -EBADMSG;
        r = sd_bus_message_read(m, "s", &interface);
        if (r < 0)
                return r;
        if (strcmp(interface, class->interface) != 0)
                return 0;
        r = props_read(m, class, &p);
        if (r < 0)
                return r;
        r = props_read_invalidated(m, class, &p);
        if (r < 0)
                return r;
        memcpy(ret, &p, class->size);
        return 1;
}

/* An a{sa{sv}}. 1: the class is among the interfaces, and read; 0: it is not. */
static int read_interfaces(sd_bus_message *m, const struct props_class *class, union props *ret) {
        const char *interface;
        int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}"), found = 0;

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                r = sd_bus_message_read(m, "s", &interface);
                if (r < 0)
                        return r;
                if (strcmp(interface, class->interface) == 0) {
                        r = props_read(m, class, ret);
                        found = 1;
                } else
                        r = sd_bus_message_skip(m, "a{sv}");
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(m);
        return r < 0 ? r : found;
}

int objects_read_added(sd_bus_message *m, const struct props_class *class, const char **ret_path,
                       union props *ret) {
        const char *path;
        union props p;
        int r;

        if (!sd_bus_message_has_signature(m, "oa{sa{sv}}"))
                return -EBADMSG;
        r = sd_bus_message_read(m, "o", &path);
        if (r < 0)
                return r;
        r = read_interfaces(m, class, &p);
        if (r <= 0)
                return r;
        *ret_path = path;
        memcpy(ret, &p, class->size);
        return 1;
}

int objects_read_removed(sd_bus_message *m, const struct props_class *class, const char *path) {
        const char *text;
        int r;

        if (!sd_bus_message_has_signature(m, "oas"))
                return -EBADMSG;
        r = sd_bus_message_read(m, "o", &text);
        if (r < 0)
                return r;
        if (strcmp(text, path) != 0)
                return 0;
        r = sd_bus_message_enter_container(m, 'a', "s");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "s", &text)) > 0)
                if (strcmp(text, class->interface) == 0)
                        return 1;
        return r;
}

int objects_walk(sd_bus_message *m, const struct props_class *class, objects_visit_t visit,
                 void *userdata) {
        const char *path;
        union props p;
        int r;

        if (!sd_bus_message_has_signature(m, "a{oa{sa{sv}}}"))
                return -EBADMSG;
        r = sd_bus_message_rewind(m, /* complete= */ true);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
                r = sd_bus_message_read(m, "o", &path);
                if (r < 0)
                        return r;
                r = read_interfaces(m, class, &p);
                if (r > 0)
                        r = visit(userdata, path, &p);
                if (r != 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r;
}

int objects_device_path(const char *adapter_path, const struct bdaddr *address,
                        char ret[OBJECTS_PATH_SIZE]) {
        const uint8_t *b = address->byte;
        char path[OBJECTS_PATH_SIZE];
        int n = snprintf(path, sizeof path, "%s/dev_%02X_%02X_%02X_%02X_%02X_%02X", adapter_path,
                         b[0], b[1], b[2], b[3], b[4], b[5]);

        if (n < 0 || (size_t) n >= sizeof path)
                return -ENAMETOOLONG;
        memcpy(ret, path, (size_t) n + 1);
        return 0;
}

int objects_device_address(const char *adapter_path, const char *path, struct bdaddr *ret) {
        size_t n = strlen(adapter_path);
        char text[BDADDR_STRING_SIZE];

        if (strncmp(path, adapter_path, n) != 0 || strncmp(path + n, "/dev_", 5) != 0)
                return -EINVAL;
        path += n + 5;
        if (strlen(path) != BDADDR_STRING_SIZE - 1)
                return -EINVAL;
        for (size_t i = 0; i < sizeof text; i++) {
                if (i % 3 == 2 && path[i] != (i < BDADDR_STRING_SIZE - 1 ? '_' : '\0'))
                        return -EINVAL;
                text[i] = path[i] == '_' ? ':' : path[i];
        }
        return bdaddr_from_string(text, ret);
}
