/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "rule/engine.h"

/*
 * A rules file through everything that happens before the first event: YAML, items, conditions, outputs, the graph. The
 * text is loaded twice, since a second file meets the items of the first.
 */
static void load(const struct engine_options *options, struct str text)
{
	auto_rule_loader struct rule_loader *l = NULL;
	auto_ruleset struct ruleset *rules = NULL;
	struct strbuf out auto_strbuf = { 0 };
	const struct load_result *result;
	struct error err;

	if (rule_loader_new(options, &l, &err) < 0)
		abort();
	for (int pass = 0; pass < 2; pass++) {
		if (rule_loader_add(l, STR("fuzz"), text, &result, &err) < 0)
			return;
		for (size_t i = 0; i < result->nfindings; i++)
			if (result->findings[i].is_error && result->successful)
				abort();
		load_result_print(&out, result, true, options->ours);
		load_result_print_json(&out, result, options->ours);
	}
	if (rule_loader_describe(l, NULL, &out, &err) == -ENOENT)
		abort();
	(void)!rule_loader_check_plugins(l, &err);
	if (rule_loader_compile(l, &rules, &err) < 0 && result->successful && err.code != -EINVAL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct engine_options options = { .min_priority = PRIORITY_DEBUG };

	if (size == 0)
		return 0;
	options.ours = data[0] & 1;
	options.fields.container_plugin = data[0] & 2;
	load(&options, (struct str){ (const char *)data + 1, size - 1 });
	return 0;
}
