"""The small scripted model uses a notebook: it loads a table, looks at it, plots it, and says what came back."""

import json

import pytest

from local.scripted_model.reply import reply

LINES = {"code": {"type": "array", "items": {"type": "string"}}, "query": {"type": "string"}}
SYSTEM = {
    "role": "system",
    "content": 'Analyse.\n\nFiles in the folder where Python runs, by their names: ["a.csv", "our costs.csv"]',
}


def offered(properties=LINES, name="run_python_code"):
    schema = {"type": "object", "properties": properties}
    return [{"type": "function", "function": {"name": name, "parameters": schema}}]


def said(*messages, tools=None, **more):
    spoken = [{"role": "user", "content": one} if isinstance(one, str) else one for one in messages]
    request = {"messages": spoken, "tools": offered() if tools is None else tools, **more}
    return reply(request)["choices"][0]["message"]


def arguments_of(message):
    [call] = message["tool_calls"]
    return json.loads(call["function"]["arguments"])


def result(text):
    return {"role": "tool", "tool_call_id": "call_1", "content": text}


def test_a_table_is_loaded_by_its_name_and_its_first_rows_are_shown():
    arguments = arguments_of(said("Load sales.csv, please."))
    assert arguments == {
        "code": ["import pandas as pd", "df = pd.read_csv('sales.csv')", "df.head()"],
        "query": "Load sales.csv, please.",
    }


def test_without_a_name_the_newest_of_the_conversations_files_is_meant():
    assert "df = pd.read_csv('our costs.csv')" in arguments_of(said(SYSTEM, "load the CSV"))["code"]


def test_tabs_separate_a_tsv():
    assert r"df = pd.read_csv('a.tsv', sep='\t')" in arguments_of(said("load a.tsv"))["code"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("how many rows?", "df.shape"),
        ("which columns are there?", "df.dtypes"),
        ("describe it", "df.describe()"),
        ("show me the first rows", "df.head()"),
        ("plot it", "plt.show()"),
    ],
)
def test_what_is_loaded_is_looked_at_without_loading_it_again(words, line):
    loaded = said("load a.csv")
    code = arguments_of(said("load a.csv", loaded, result("…"), words))["code"]
    assert code[-1] == line
    assert not any("read_csv" in one for one in code)


def test_a_question_before_anything_is_loaded_loads_it_first():
    code = arguments_of(said(SYSTEM, "how many rows?"))["code"]
    assert code[1:] == ["df = pd.read_csv('our costs.csv')", "df.shape"]


def test_another_table_is_loaded_when_it_is_named():
    loaded = said("load a.csv")
    code = arguments_of(said("load a.csv", loaded, result("…"), "now load b.csv"))["code"]
    assert "df = pd.read_csv('b.csv')" in code


def test_what_came_back_is_said_as_it_is():
    loaded = said("load a.csv")
    assert said("load a.csv", loaded, result("(3, 2)"))["content"] == "(3, 2)"


def test_a_function_that_takes_one_text_gets_one():
    tools = offered({"code": {"type": "string"}}, "python")
    message = said("load a.csv", tools=tools)
    assert message["tool_calls"][0]["function"]["name"] == "python"
    assert arguments_of(message) == {
        "code": "import pandas as pd\ndf = pd.read_csv('a.csv')\ndf.head()"
    }


@pytest.mark.parametrize("words", ["Who are you?", "load it"])
def test_anything_else_is_answered_with_what_to_try(words):
    assert said(words)["content"].startswith("I am a small scripted model: I run a few lines")


def test_what_to_try_names_a_file_that_is_there():
    assert '"load our costs.csv"' in said(SYSTEM, "hello")["content"]


def test_nothing_is_called_when_nothing_may_be():
    assert "tool_calls" not in said("load a.csv", tool_choice="none")


@pytest.mark.parametrize("name", ["it's.csv", 'a".csv'])
def test_a_name_cannot_end_the_text_it_stands_in(name):
    listed = {"role": "system", "content": json.dumps([name])}
    code = arguments_of(said(listed, "load it"))["code"]
    compile("\n".join(code), "cell", "exec")
    assert name in code[1].encode().decode("unicode_escape")


def test_what_was_countersigned_is_told_without_a_word_of_instances():
    asked = said("load a.csv")
    told = said("load a.csv", asked, result("(3, 2)"), tool_choice="none")
    assert told["content"] == "(3, 2)"
