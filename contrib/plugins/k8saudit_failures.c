/* SPDX-License-Identifier: Apache-2.0 */
#include "k8saudit_failures.h"

#include <stdio.h>
#include <string.h>

#define UNAUTHORIZED 401

/* The client's; NULL when the request did not fail so, or is not over yet. */
static const char *failed_from(const cJSON *event)
{
	const cJSON *stage = cJSON_GetObjectItemCaseSensitive(event, "stage");
	const cJSON *status = cJSON_GetObjectItemCaseSensitive(event, "responseStatus");
	const cJSON *code = cJSON_GetObjectItemCaseSensitive(status, "code");
	const cJSON *from = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(event, "sourceIPs"), 0);

	if (!cJSON_IsNumber(code) || code->valueint != UNAUTHORIZED || !cJSON_IsString(from) || !*from->valuestring)
		return NULL;
	return cJSON_IsString(stage) && strcmp(stage->valuestring, "ResponseComplete") == 0 ? from->valuestring : NULL;
}

static uint64_t last_time(const struct failing *a)
{
	return *a->address ? a->times[(a->next + FAILURES_KEPT - 1) % FAILURES_KEPT] : 0;
}

static struct failing *find(struct failures *f, const char *address)
{
	struct failing *quiet = &f->list[0];

	for (size_t i = 0; i < FAILURES_ADDRESSES; i++) {
		struct failing *a = &f->list[i];

		if (strncmp(a->address, address, sizeof(a->address) - 1) == 0)
			return a;
		if (last_time(a) < last_time(quiet))
			quiet = a;
	}
	memset(quiet, 0, sizeof(*quiet));
	snprintf(quiet->address, sizeof(quiet->address), "%s", address);
	return quiet;
}

void failures_note(struct failures *f, const cJSON *event, uint64_t ts)
{
	const char *address = failed_from(event);
	struct failing *a;

	f->count = 0;
	if (!address)
		return;
	a = find(f, address);
	a->times[a->next] = ts;
	a->next = (a->next + 1) % FAILURES_KEPT;
	for (size_t i = 0; i < FAILURES_KEPT; i++)
		f->count += a->times[i] && a->times[i] <= ts && ts - a->times[i] < FAILURES_NS;
}
