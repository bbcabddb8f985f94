/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_EVENT_TEXT_ADDRESS_H
#define MONITOR_EVENT_TEXT_ADDRESS_H

#include "event/event.h"

/*
 * Socket addresses and tuples of the text form (event_text.h). Only a value that comes back byte for byte is
 * printed so; the caller prints others as bytes.
 */
#define TEXT_ADDRESS_BYTES (1 + 16 + 108 + 1) /* a tuple of two pointers and the longest AF_UNIX path */

/* False when v is no well-formed value of this type (or the type has no addresses): nothing was added. */
bool text_address_print(struct strbuf *out, enum param_type type, struct str v);

/* Length of the value written to bytes, or 0 when text is no address. */
size_t text_address_parse(enum param_type type, struct str text, uint8_t bytes[TEXT_ADDRESS_BYTES]);

#endif
