/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_LITERAL_H
#define MONITOR_RULE_LITERAL_H

#include "base/error.h"
#include "field/value.h"

/*
 * A constant of a condition as a value of the type that it is compared with. Text and bytes borrow from text.
 * -EINVAL with the reason when it is none. Numbers are read as Falco reads them: decimal, with a sign,
 * clamped at 64 bits, then cut to the type's width (so -1 is the largest unsigned number).
 */
int literal_parse(struct str text, enum param_type type, struct value *ret_value, struct error *err);

/* Hexadecimal digits to bytes in place of text (out has room for half of them). -EINVAL when they are none. */
int literal_unhex(struct str text, char *out, size_t *ret_len);

/* The number that Falco's unsigned parser reads; false when the text is none. */
bool literal_u64(struct str text, uint64_t *ret_value);

#endif
