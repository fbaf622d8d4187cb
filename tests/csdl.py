"""CSDL as XML, turned into CSDL JSON by the rules of the two specifications, as far as this server uses
them."""
import xml.etree.ElementTree as ElementTree

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
EDMX = "{http://docs.oasis-open.org/odata/ns/edmx}"


def _value(element):
    """What an annotation, a record's property or a list's item says."""
    tag = element.tag.removeprefix(EDM)
    if tag == "Collection":
        return [_value(item) for item in element]
    if tag == "Record":
        return {each.get("Property"): _value(each) for each in element}
    if tag in ("Bool", "String", "PropertyPath"):
        return element.text == "true" if tag == "Bool" else element.text
    for name, value in element.attrib.items():
        if name == "Bool":
            return value == "true"
        if name == "String":
            return value
        if name == "EnumMember":
            return value.split("/")[1]
    assert len(element) == 1, ElementTree.tostring(element)
    return _value(element[0])


def _annotations(elements):
    return {"@" + each.get("Term"): _value(each) for each in elements}


def _facets(element):
    kind = element.get("Type")
    facets = {}
    if kind.startswith("Collection("):
        facets["$Collection"] = True
        kind = kind[len("Collection("):-1]
    elif element.get("Nullable") != "false":
        facets["$Nullable"] = True
    if kind != "Edm.String":
        facets["$Type"] = kind
    if element.get("Unicode") == "false":
        facets["$Unicode"] = False
    return facets


def _enum(element):
    return {"$Kind": "EnumType",
            **{each.get("Name"): int(each.get("Value")) for each in element.findall(EDM + "Member")}}


def _structured(element):
    made = {"$Kind": element.tag.removeprefix(EDM)}
    if element.get("Abstract") == "true":
        made["$Abstract"] = True
    if element.get("BaseType"):
        made["$BaseType"] = element.get("BaseType")
    keys = [each.get("Name") for each in element.iter(EDM + "PropertyRef")]
    if keys:
        made["$Key"] = keys
    for each in element.findall(EDM + "Property"):
        made[each.get("Name")] = _facets(each)
    for each in element.findall(EDM + "NavigationProperty"):
        made[each.get("Name")] = {"$Kind": "NavigationProperty", **_facets(each),
                                  **({"$ContainsTarget": True}
                                     if each.get("ContainsTarget") == "true" else {})}
    return made


def _operation(element):
    made = {"$Kind": element.tag.removeprefix(EDM)}
    if element.get("IsBound") == "true":
        made["$IsBound"] = True
    made["$Parameter"] = [{"$Name": each.get("Name"), **_facets(each)}
                          for each in element.findall(EDM + "Parameter")]
    for each in element.findall(EDM + "ReturnType"):
        made["$ReturnType"] = _facets(each)
    return made


def as_json(text):
    """The document as CSDL JSON."""
    root = ElementTree.fromstring(text)
    schema = root.find(f"{EDMX}DataServices/{EDM}Schema")
    made = {"$Alias": schema.get("Alias"), **_annotations(schema.findall(EDM + "Annotation"))}
    for element in schema:
        tag, name = element.tag.removeprefix(EDM), element.get("Name")
        if tag == "EnumType":
            made[name] = _enum(element)
        elif tag in ("EntityType", "ComplexType"):
            made[name] = _structured(element)
        elif tag in ("Action", "Function"):
            made.setdefault(name, []).append(_operation(element))
        elif tag == "EntityContainer":
            made[name] = {"$Kind": tag, **{each.get("Name"): {"$Type": each.get("Type")}
                                           for each in element.findall(EDM + "Singleton")}}
    targets = schema.findall(EDM + "Annotations")
    made["$Annotations"] = {each.get("Target"): _annotations(each) for each in targets}
    assert len(made["$Annotations"]) == len(targets), "a target twice"
    container = schema.find(EDM + "EntityContainer").get("Name")
    return {
        "$Version": "4.01",
        "$EntityContainer": f"{schema.get('Namespace')}.{container}",
        "$Reference": {
            each.get("Uri").removesuffix(".xml") + ".json":
                {"$Include": [{"$Namespace": include.get("Namespace")} for include in each]}
            for each in root.findall(EDMX + "Reference")},
        schema.get("Namespace"): made,
    }
