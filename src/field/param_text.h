/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_PARAM_TEXT_H
#define MONITOR_FIELD_PARAM_TEXT_H

#include "field/field.h"

/*
 * A parameter as text, as %evt.arg and %evt.args have it: the value itself, and what it stands for (the name of a
 * descriptor, flags by name, a relative path made absolute). resolved gets nothing when there is nothing to say.
 */
void param_text(const struct field_context *ctx, unsigned int i, struct strbuf *value, struct strbuf *resolved);

/* Bytes with a dot for each that is not printable ASCII, or in base64. */
void param_text_bytes(struct strbuf *out, struct str bytes, bool base64);

#endif
