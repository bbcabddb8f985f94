/* SPDX-License-Identifier: Apache-2.0 */
#include "output/alert.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static const char *const names[PRIORITY_COUNT] = {
	[PRIORITY_EMERGENCY] = "Emergency", [PRIORITY_ALERT] = "Alert",
	[PRIORITY_CRITICAL] = "Critical",   [PRIORITY_ERROR] = "Error",
	[PRIORITY_WARNING] = "Warning",	    [PRIORITY_NOTICE] = "Notice",
	[PRIORITY_INFORMATIONAL] = "Informational", [PRIORITY_DEBUG] = "Debug",
};

const char *priority_name(enum priority p)
{
	return p < PRIORITY_COUNT ? names[p] : "Unknown";
}

int priority_parse(struct str s, enum priority *ret_priority)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (str_ieq(s, str_of(names[i]))) {
			*ret_priority = (enum priority)i;
			return 0;
		}
	}
	if (str_ieq(s, STR("info"))) {
		*ret_priority = PRIORITY_INFORMATIONAL;
		return 0;
	}
	return -EINVAL;
}

/* ---- copies that are shared ---------------------------------------------------------------------------- */

static size_t texts_len(const struct alert *a)
{
	size_t len = a->rule.len + a->source.len + a->text.len + a->json.len + a->hostname.len + a->fields.len;

	for (size_t i = 0; i < a->ntags; i++)
		len += a->tags[i].len;
	return len;
}

static char *keep_text(char *at, struct str *text)
{
	if (text->len)
		memcpy(at, text->ptr, text->len);
	text->ptr = at;
	return at + text->len;
}

static struct alert_copy *copy_new(const struct alert *a)
{
	size_t bytes = sizeof(struct alert_copy) + a->ntags * sizeof(struct str) + texts_len(a);
	struct alert_copy *copy = malloc(bytes);
	struct str *tags;
	char *at;

	if (!copy)
		return NULL;
	copy->alert = *a;
	copy->alert.kept = NULL;
	copy->bytes = bytes;
	copy->holders = 1;
	tags = (struct str *)(copy + 1);
	at = (char *)(tags + a->ntags);
	for (size_t i = 0; i < a->ntags; i++) {
		tags[i] = a->tags[i];
		at = keep_text(at, &tags[i]);
	}
	copy->alert.tags = tags;
	at = keep_text(at, &copy->alert.rule);
	at = keep_text(at, &copy->alert.source);
	at = keep_text(at, &copy->alert.text);
	at = keep_text(at, &copy->alert.json);
	at = keep_text(at, &copy->alert.hostname);
	keep_text(at, &copy->alert.fields);
	return copy;
}

struct alert_copy *alert_keep(const struct alert *a)
{
	struct alert_copy *copy = a->kept ? *a->kept : NULL;

	if (!copy) {
		copy = copy_new(a);
		if (!copy || !a->kept)
			return copy;
		*a->kept = copy; /* whose hold ends with the alert's */
	}
	atomic_fetch_add_explicit(&copy->holders, 1, memory_order_relaxed);
	return copy;
}

void alert_let_go(struct alert_copy *copy)
{
	if (copy && atomic_fetch_sub_explicit(&copy->holders, 1, memory_order_acq_rel) == 1)
		free(copy);
}
