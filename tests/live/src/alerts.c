/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alerts FILE --has RULE [--allow FIELD,...] | --lacks RULE | --none: looks into alerts (JSON, one object a line).
 * --has also wants every output field of that rule's alerts to have a value; what Falco leaves without one is listed
 * below, and --allow adds to that. A program, since the live tests ask thousands of times.
 */
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

/* null in Falco as well: no runtime to ask, or a field that the event type does not have */
#define NULL_IN_FALCO                                                                                  \
	"^(container\\.(start_ts|image\\..*|name|privileged|mount.*)|k8s\\..*|proc\\.aname\\[[5-9]\\]" \
	"|proc\\.aexepath\\[[3-9]\\]|user\\.loginname|group\\.name|fd\\.(cip|sip|lip|rip)\\.name)$"

enum { SHOWN = 10, RULES = 64 };

static regex_t null_in_falco;

static const char *text_of(const cJSON *alert, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(alert, key));

	return text ? text : "";
}

/* Whether NAME is one of the names in LIST, which commas part. */
static bool listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; *at; at += *at == ',') {
		size_t n = strcspn(at, ",");

		if (n == len && memcmp(at, name, n) == 0)
			return true;
		at += n;
	}
	return false;
}

static void say_missing(const char *what, bool *complete, bool say)
{
	if (say)
		printf("%s%s", *complete ? "    without a value: " : ", ", what);
	*complete = false;
}

/* Whether each field of the alert has a value; SAY which do not. */
static bool is_complete(const cJSON *alert, const char *allow, bool say)
{
	static const char *const keys[] = { "time", "priority", "rule", "source" };
	const cJSON *fields = cJSON_GetObjectItemCaseSensitive(alert, "output_fields"), *field;
	bool complete = true, any_null = false;

	if (!cJSON_IsObject(fields) || !fields->child) {
		fields = NULL;
		say_missing("output_fields", &complete, say);
	}
	cJSON_ArrayForEach(field, fields)
	{
		const char *text = cJSON_GetStringValue(field);

		any_null |= cJSON_IsNull(field) || (text && strcmp(text, "<NA>") == 0);
		if (cJSON_IsNull(field) && !listed(allow, field->string) &&
		    regexec(&null_in_falco, field->string, 0, NULL, 0))
			say_missing(field->string, &complete, say);
	}
	if (complete && !any_null && strstr(text_of(alert, "output"), "<NA>"))
		say_missing("output (holds <NA>)", &complete, say);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!*text_of(alert, keys[i]))
			say_missing(keys[i], &complete, say);
	if (say && !complete)
		printf("\n");
	return complete;
}

static cJSON *parse(char *line, size_t len, unsigned int n)
{
	cJSON *alert = NULL;
	bool plain = true;

	/* the parser takes control characters, JSON has none */
	for (size_t i = 0; i < len; i++)
		plain &= (unsigned char)line[i] >= ' ' || line[i] == '\t';
	if (plain)
		alert = cJSON_ParseWithOpts(line, NULL, true);
	if (!cJSON_IsObject(alert)) {
		fprintf(stderr, "line %u of the alerts is no JSON object: %.200s\n", n, line);
		exit(1);
	}
	return alert;
}

/* The alerts of FILE, an array. */
static cJSON *read_alerts(const char *file)
{
	FILE *f = fopen(file, "r");
	cJSON *alerts = cJSON_CreateArray();
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	if (!f) {
		perror(file);
		exit(1);
	}
	for (unsigned int n = 1; (len = getline(&line, &cap, f)) > 0; n++) {
		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (strspn(line, " \t") != (size_t)len)
			cJSON_AddItemToArray(alerts, parse(line, (size_t)len, n));
	}
	free(line);
	fclose(f);
	return alerts;
}

static int none(const cJSON *alerts, const char *rule)
{
	const cJSON *alert;
	int found = 0;

	cJSON_ArrayForEach(alert, alerts) if ((!rule || strcmp(text_of(alert, "rule"), rule) == 0) && found++ < SHOWN)
		printf("    alert: %.300s\n", text_of(alert, "output"));
	return found > 0;
}

static int has(const cJSON *alerts, const char *rule, const char *allow)
{
	const cJSON *alert, *first = NULL;
	const char *seen[RULES];
	size_t rules = 0;

	/* a rule may match several events of one action, of which one is to tell all */
	cJSON_ArrayForEach(alert, alerts)
	{
		const char *name = text_of(alert, "rule");
		size_t i = 0;

		if (strcmp(name, rule) == 0) {
			if (is_complete(alert, allow, false))
				return 0;
			first = first ? first : alert;
		}
		while (i < rules && strcmp(seen[i], name) != 0)
			i++;
		if (i == rules && rules < RULES)
			seen[rules++] = name;
	}
	if (first) {
		is_complete(first, allow, true);
		printf("    alert: %.400s\n", text_of(first, "output"));
		return 1;
	}
	printf("    no alert of it; rules seen: ");
	for (size_t i = 0; i < rules; i++)
		printf("%s%s", i ? ", " : "", seen[i]);
	printf("%s\n", rules ? "" : "none");
	return 1;
}

int main(int argc, char **argv)
{
	const char *want = argc > 2 ? argv[2] : "", *allow = "";
	int result = 2;
	cJSON *alerts;

	if (argc == 6 && strcmp(want, "--has") == 0 && strcmp(argv[4], "--allow") == 0)
		allow = argv[5];
	else if (argc != (strcmp(want, "--none") == 0 ? 3 : 4))
		want = "";
	if (regcomp(&null_in_falco, NULL_IN_FALCO, REG_EXTENDED | REG_NOSUB))
		return 2;
	alerts = *want ? read_alerts(argv[1]) : NULL;
	if (strcmp(want, "--has") == 0)
		result = has(alerts, argv[3], allow);
	else if (strcmp(want, "--lacks") == 0)
		result = none(alerts, argv[3]);
	else if (strcmp(want, "--none") == 0)
		result = none(alerts, NULL);
	else
		fprintf(stderr, "usage: alerts FILE --has RULE [--allow FIELD,...] | --lacks RULE | --none\n");
	cJSON_Delete(alerts);
	regfree(&null_in_falco);
	return result;
}
