/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_BASE64_H
#define MONITOR_BASE_BASE64_H

#include "base/str.h"

/* Adds the base64 text of bytes, padded. */
void base64_add(struct strbuf *out, struct str bytes);

/* Bytes that base64_decode() writes at most. */
#define BASE64_DECODED_MAX(len) (((len) + 3) / 4 * 3)

/*
 * Decodes text, with its padding ('=', at most two) or without. Strict: no other characters, no blanks, no left-over
 * bits. The length written to out, or -EINVAL.
 */
int base64_decode(char *out, size_t cap, struct str text, size_t *ret_len);

#endif
