/* SPDX-License-Identifier: Apache-2.0 */
#include "app/config.h"
#include "base/json.h"
#include "base/parse.h"

/* YAML as JSON, for plugins: a plain number or truth value keeps its type. At most YAML_DEPTH levels. */

/* JSON's numbers are narrower than YAML's: what is not one for sure stays a text. */
static bool is_number(const struct yaml_node *n)
{
	int64_t i;

	return n->plain && parse_i64(n->text, &i) == 0 && n->text.ptr[0] != '+' &&
	       !(n->text.len > 1 && n->text.ptr[0] == '0');
}

static void add_pairs(struct strbuf *out, const struct yaml_node *n)
{
	bool first = true;
	struct str key;
	uint32_t i;

	strbuf_addc(out, '{');
	for (i = 0; i < n->count; i++) {
		if (!config_tree_text(n->pairs[i].key, &key))
			continue;
		strbuf_adds(out, first ? "" : ",");
		first = false;
		json_add_string(out, key);
		strbuf_addc(out, ':');
		config_node_json(out, n->pairs[i].value);
	}
	strbuf_addc(out, '}');
}

void config_node_json(struct strbuf *out, const struct yaml_node *n)
{
	uint32_t i;

	switch (n->kind) {
	case YAML_NULL:
		strbuf_adds(out, "null");
		break;
	case YAML_SCALAR:
		if (is_number(n) || (n->plain && (str_eq(n->text, STR("true")) || str_eq(n->text, STR("false")))))
			strbuf_addstr(out, n->text);
		else
			json_add_string(out, n->text);
		break;
	case YAML_SEQUENCE:
		strbuf_addc(out, '[');
		for (i = 0; i < n->count; i++) {
			strbuf_adds(out, i ? "," : "");
			config_node_json(out, n->items[i]);
		}
		strbuf_addc(out, ']');
		break;
	default:
		add_pairs(out, n);
	}
}

void config_add_block(const struct config *c, const char *key, struct strbuf *out)
{
	const struct yaml_node *node = config_tree_get(c->root, key);

	strbuf_addc(out, '\n');
	if (node)
		config_node_json(out, node);
}
