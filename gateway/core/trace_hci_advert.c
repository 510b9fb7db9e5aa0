/*
 * Advertising reports (Bluetooth Core 5.4, Vol 4, Part E, 7.7.65.2 and 7.7.65.13), for what OMRON's
 * cuffs say in them:
 *
 *      NN  report..                                    how many
 *      02: TT AT AA*6  LL data*LL  RR                  type, type of address, address, size, RSSI
 *      0D: TT TT AT AA*6  xx*14  LL data*LL            ..; AT FF: without an address
 */
#include "core/trace_hci_parts.h"

#define ADDRESS_ANONYMOUS    0xFF
#define LEGACY_REPORT_SIZE   9 /* before the data */
#define EXTENDED_REPORT_SIZE 24

size_t trace_hci_adverts(const struct trace_hci_frame *frame, struct bytes b, bool extended,
                         struct trace_event *ret) {
        size_t head_size = extended ? EXTENDED_REPORT_SIZE : LEGACY_REPORT_SIZE;
        size_t address_type_at = extended ? 2 : 1;
        size_t n = 0;

        for (unsigned left = bytes_u8(&b); left > 0 && n < TRACE_HCI_EVENTS_MAX; left--) {
                const uint8_t *head = bytes_take(&b, head_size);
                size_t data_size = head ? head[head_size - 1] : 0;
                const uint8_t *data = bytes_take(&b, data_size);
                enum trace_answer flag;

                if (b.short_read)
                        return n;
                if (!extended)
                        (void) bytes_u8(&b); /* RSSI; the last one may be missing */
                if (head[address_type_at] == ADDRESS_ANONYMOUS ||
                    !trace_advertised(data, data_size, &flag))
                        continue;
                ret[n] = trace_hci_event(frame, TRACE_ADVERTISED);
                ret[n].has_address = true;
                ret[n].address = bdaddr_from_wire(head + address_type_at + 1);
                ret[n].pairing_flag = flag;
                n++;
        }
        return n;
}
