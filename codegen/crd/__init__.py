"""From text to facts: CustomResourceDefinition documents as frozen values.

``loader`` reads files, ``schema`` turns a structural schema into the nodes of ``ir``, ``model`` is what
the planner gets.  No Python name is made up here; that is the planner's work.
"""
